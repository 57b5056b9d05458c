import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../support/toolchain.ts'
import { launch, openTab } from './browser.ts'
import { openSite, seed, type Site } from './site.ts'

describeWith('chromium', 'a page that is open', () => {
  let site: Site
  let browser: Browser
  let page: Page
  let troubles: string[]
  let close: () => Promise<void>
  beforeAll(async () => {
    site = await openSite()
    await seed(site)
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })
  beforeEach(async () => {
    ;({ page, troubles, close } = await openTab(browser, site.url))
    page.setDefaultTimeout(60_000)
  })
  afterEach(async () => {
    expect(troubles).toEqual([])
    await close()
  })

  const isUpdate = (request: Request): boolean => 'x-jobmill-live' in request.headers()
  /** Waits until some more updates have come and been put in. */
  async function updates(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const response = await page.waitForResponse((one) => isUpdate(one.request()))
      await response.finished()
    }
    // What came is put in by the next turns of the page's own loop.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 50))')
  }
  const focused = () => page.evaluate('document.activeElement?.getAttribute("name")')

  test('shows what happens elsewhere, and keeps what somebody writes, and the focus', async () => {
    await page.goto(`${site.url}/jobs/scheduled-0`)
    await page.getByLabel('Priority').selectOption('9')
    await page.getByLabel('Change time').fill('2041-01-01')
    const queue = page.getByLabel('Move to queue')
    await queue.fill('somewhere')
    await queue.evaluate((field) => (field as unknown as { select(): void }).select())
    await page.getByRole('searchbox', { name: 'Find jobs' }).fill('half a wor')
    await queue.focus()
    await updates(3)
    expect(await focused()).toBe('queue')
    expect(await page.getByLabel('Priority').inputValue()).toBe('9')
    expect(await page.getByLabel('Change time').inputValue()).toBe('2041-01-01')
    expect(await queue.inputValue()).toBe('somewhere')
    expect(await page.locator('.find input').inputValue()).toBe('half a wor')
    // The rest of the page goes on.
    await site.send('POST', '/api/v1/jobs/scheduled-0/retry')
    await page.locator('.head .badge', { hasText: 'waiting' }).waitFor()
  })

  test('a list does not jump: rows stay and are marked, what is newer is counted', async () => {
    const push = (jid: string) =>
      site.say(`PUSH {"jid":"${jid}","jobtype":"L","queue":"l","args":[]}`)
    for (const jid of ['list-row-1', 'list-row-2', 'list-row-3']) await push(jid)
    await page.goto(`${site.url}/queues/l`)
    const jids = () =>
      page
        .locator('tbody tr')
        .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-jid')))
    await page.getByRole('link', { name: 'L', exact: true }).nth(1).focus()
    await site.worker.send('FETCH l')
    await push('list-row-4')
    await page.getByRole('button', { name: '1 newer, show' }).waitFor()
    expect(await jids()).toEqual(['list-row-1', 'list-row-2', 'list-row-3'])
    expect(await page.locator('tbody tr.gone').innerText()).toContain('moved on')
    expect(await page.locator('tbody tr.gone input').isDisabled()).toBe(true)
    expect(await page.evaluate('document.activeElement.closest("tr")?.dataset.jid')).toBe(
      'list-row-2',
    )
    await page.getByRole('button', { name: '1 newer, show' }).click()
    await page.locator('tr[data-jid=list-row-4]').waitFor()
    expect(await jids()).toEqual(['list-row-2', 'list-row-3', 'list-row-4'])
    await push('list-row-5')
    await page.getByRole('button', { name: '1 newer, show' }).waitFor()
    await page.keyboard.press('r')
    await page.locator('tr[data-jid=list-row-5]').waitFor()
  })

  test('ticks stop it, and it goes on once they are gone', async () => {
    const asked: string[] = []
    page.on('request', (request) => {
      if (isUpdate(request)) asked.push(request.url())
    })
    await page.goto(`${site.url}/busy`)
    await updates(1)
    await page.goto(`${site.url}/queues/webhooks`)
    const boxes = page.locator('tbody input')
    await boxes.nth(0).check()
    await boxes.nth(2).click({ modifiers: ['Shift'] })
    expect(await page.locator('[data-sel-text]').innerText()).toBe('3 chosen')
    const before = asked.length
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 6_000))')
    expect(asked.length).toBe(before)
    expect(await page.locator('tbody input:checked').count()).toBe(3)
    await page.keyboard.press('Escape')
    expect(await page.locator('tbody input:checked').count()).toBe(0)
    await updates(1)
  })

  test('a tab that nobody sees asks for nothing', async () => {
    const asked: string[] = []
    page.on('request', (request) => {
      if (isUpdate(request)) asked.push(request.url())
    })
    await page.goto(`${site.url}/busy`)
    await updates(1)
    // Headless Chromium shows every tab, so the page is told that it is hidden.
    await page.evaluate(
      `Object.defineProperty(document, 'hidden', { value: true, writable: true })`,
    )
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 100))')
    const before = asked.length
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 5_000))')
    expect(asked.length).toBe(before)
    await page.evaluate(
      `document.hidden = false, document.dispatchEvent(new Event('visibilitychange'))`,
    )
    await updates(1)
  })

  test('keys: rows, ticks, pages, live, colours, help', async () => {
    await page.goto(`${site.url}/queues/webhooks?limit=2`)
    const jid = () => page.evaluate('document.activeElement.closest("tr")?.dataset.jid')
    const [first, second] = await page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-jid')))
    await page.keyboard.press('j')
    expect(await jid()).toBe(first)
    await page.keyboard.press('j')
    expect(await jid()).toBe(second)
    await page.keyboard.press('x')
    await page.locator('tbody input:checked').waitFor()
    // Enter in a tick box must do nothing to the jobs.
    await page.locator('tbody input:checked').focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('tbody input:checked').count()).toBe(1)
    expect(new URL(page.url()).pathname).toBe('/queues/webhooks')
    await page.keyboard.press('k')
    await page.keyboard.press('n')
    await page.getByRole('link', { name: 'Previous' }).waitFor()
    await page.keyboard.press('p')
    await page.waitForURL(/before=/)
    await page.keyboard.press('t')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light')
    await page.keyboard.press('l')
    await page.getByRole('link', { name: 'Live updates are off. Start.' }).waitFor()
    await page.keyboard.press('l')
    await page.getByRole('link', { name: 'Live updates are on. Pause.' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('gq?')
    expect(await page.locator('.find input').inputValue()).toBe('gq?')
    await page.goto(`${site.url}/jobs/failing-5`)
    await page.locator('summary').press('Enter')
    await page.getByRole('button', { name: 'Delete', exact: true }).focus()
    await page.keyboard.press('Escape')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY')
    await page.keyboard.press('?')
    await page.waitForURL(`${site.url}/help`)
  })

  test('two tabs: what one does shows in the other, and a form that comes late says so', async () => {
    const other = await page.context().newPage()
    await page.goto(`${site.url}/jobs/failing-4`)
    await other.goto(`${site.url}/jobs/failing-4`)
    await page.locator('summary').click()
    await other.getByRole('button', { name: 'Retry now' }).click()
    await other.locator('.flash', { hasText: 'put back into the queue' }).waitFor()
    // An open menu keeps the page as it is, so what it offers is out of date.
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.locator('.flash', { hasText: '1 job had moved on meanwhile' }).waitFor()
    await page.locator('.head .badge', { hasText: 'waiting' }).waitFor()
    await other.close()
  })
})

describeWith('chromium', 'a server that stops under an open page', () => {
  test('is told and comes back; forms of before still work', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jobmill-live-'))
    const browser = await launch()
    const first = await openSite({ dir })
    await seed(first)
    const { page, close } = await openTab(browser, first.url)
    page.setDefaultTimeout(60_000)
    await page.goto(`${first.url}/jobs/waiting-0`)
    await first.stop()
    const offline = page.locator('.offline')
    await offline.waitFor({ state: 'visible' })
    expect(await offline.innerText()).toContain('Not connected, last update')
    const port = new URL(first.url).port
    const second = await openSite({ dir, args: ['-w', `127.0.0.1:${port}`] })
    await offline.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Kill' }).click()
    await page.locator('.flash', { hasText: '1 job moved to the dead' }).waitFor()
    await close()
    await browser.close()
    await second.stop()
    await rm(dir, { recursive: true })
  })
})
