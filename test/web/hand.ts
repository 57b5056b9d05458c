import type { Locator, Page } from 'playwright-core'

export const WAYS = ['by mouse', 'by keyboard alone', 'without JavaScript'] as const
export type Way = (typeof WAYS)[number]

/** One who uses a page in one way only. */
export interface Hand {
  /** A button or a link. */
  press(what: Locator): Promise<void>
  tick(what: Locator): Promise<void>
  type(what: Locator, text: string): Promise<void>
  /** An option of a select by its text. */
  choose(what: Locator, option: string): Promise<void>
}

export function handOf(page: Page, way: Way): Hand {
  return way === 'by keyboard alone' ? keyboard(page) : mouse()
}

function mouse(): Hand {
  return {
    press: (what) => what.click(),
    tick: (what) => what.check(),
    type: (what, text) => what.fill(text),
    choose: async (what, option) => void (await what.selectOption({ label: option })),
  }
}

/** More stops than any page of these tests has. */
const STOPS_MAX = 150

function keyboard(page: Page): Hand {
  const isThere = (what: Locator): Promise<boolean> =>
    what.evaluate((element) => element === element.ownerDocument.activeElement)
  /** Goes on by Tab until the focus is where it should be. */
  const reach = async (what: Locator): Promise<void> => {
    await what.waitFor()
    for (let i = 0; i < STOPS_MAX; i += 1) {
      if (await isThere(what)) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`Tab does not lead to ${what.toString()}`)
  }
  return {
    async press(what) {
      await reach(what)
      await page.keyboard.press('Enter')
    },
    async tick(what) {
      await reach(what)
      await page.keyboard.press('Space')
    },
    async type(what, text) {
      await reach(what)
      await page.keyboard.press('Control+A')
      await page.keyboard.type(text)
    },
    async choose(what, option) {
      await reach(what)
      await page.keyboard.type(option)
    },
  }
}
