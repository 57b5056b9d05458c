import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfiguration } from '../../packages/server/src/config/settings.ts'
import { startServer, type RunningServer } from '../../packages/server/src/server.ts'
import { language, LANGUAGES } from '../../packages/server/src/web/text/languages.ts'
import { FwpConnection } from '../support/fwp.ts'
import { keptLog } from '../support/listener.ts'
import { describeWith } from '../support/toolchain.ts'
import { launch, openTab } from './browser.ts'
import { PAGES } from './pages.ts'
import { pseudo } from './pseudo.ts'
import { seed } from './site.ts'

/** A whole server in this process, for one whose languages no user's server has. */
let folder: string
let server: RunningServer
let url: string
let connections: FwpConnection[]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobmill-language-'))
  const flags = { binding: '127.0.0.1:0', webBinding: '127.0.0.1:0', data: folder, config: folder }
  const { settings } = readConfiguration(flags, {}, folder)
  const strange = [language('xx', pseudo), language('xy', pseudo, 'rtl'), ...LANGUAGES]
  server = await startServer(settings, keptLog().log, undefined, strange)
  url = `http://${server.webAddresses[0]}`
  const port = Number(server.addresses[0]?.replace(/^.*:/, ''))
  const producer = await FwpConnection.open({ port })
  const worker = await FwpConnection.open({ port, wid: 'worker-1' })
  connections = [producer, worker]
  await seed({ worker, say: async (command) => (await producer.send(command)).text ?? '' })
})
afterAll(async () => {
  for (const connection of connections) connection.end()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ALL = [
  ...PAGES,
  '/queues/mailers',
  '/retries?q=jid:nobody',
  '/jobs/scheduled-1',
  '/jobs/paused-1',
  '/actions/new?set=morgue&do=retry',
]

/** What people read or hear on a page: text, and attributes that are spoken or shown. */
function readable(html: string): string[] {
  const body = html
    .replace(/<(script|style)\b[^>]*>.*?<\/\1>/gs, '')
    .replace(/<(code|pre|kbd|samp)\b[^>]*>.*?<\/\1>/gs, '')
  const spoken = [
    ...body.matchAll(
      / (?:aria-label|title|placeholder|alt|data-(?:text|sel-text|gone|newer|copy))="([^"]*)"/g,
    ),
  ].map(([, text = '']) => text)
  const texts = body.split(/<[^>]*>/)
  return [...spoken, ...texts].map((text) => text.trim()).filter((text) => /[A-Za-z]/.test(text))
}

/** Without what is marked, one mark within another included. */
function unmarked(text: string): string {
  let depth = 0
  let rest = ''
  for (const part of text.split(/(\[!!!|!!!\])/)) {
    if (part === '[!!!') depth += 1
    else if (part === '!!!]') depth -= 1
    else if (depth === 0) rest += part
  }
  return rest
}

/** What stands on a page and is no text of its own: names, units, and what clients sent. */
const FACTS = [
  /Jobmill|development|UTC|English|Deutsch/g,
  /\b(webhooks|mailers|critical|reports|nowhere)\b/g,
  /\b(Deliver|Charge|Sum|Mail|Report|Import)\b/g,
  /\b(waiting|failing|scheduled|running|paused|hostile|never|worker)-\w+|large-numbers/g,
  /\[?(&lt;b onmouseover|&quot;&lt;b|\{&quot;order).*/gs,
  /Stripe::RateLimitError|jobtype:|test:\d+/g,
  /\b\d{4}-\d\d-\d\dT[\d:.]+Z/g,
  /\b\d[\d.,]*\s(ms|s|min|h|d|B|KB|MB|GB)\b/g,
]

/** What is left of a page's texts when marks and facts are taken away. */
function strange(html: string): string[] {
  const without = (text: string): string =>
    FACTS.reduce((rest, fact) => rest.replace(fact, ''), unmarked(text))
  return readable(html).filter((text) => /[A-Za-z]/.test(without(text)))
}

const HTML = { Accept: 'text/html' }

test('a text of no language is found, marks and facts are not', () => {
  const html = '<p title="Menu">[!!! Ĵöƀ [!!! x !!!] ~ !!!]</p><b>Charge</b><i>12 ms late</i>'
  expect(strange(html)).toEqual(['Menu', '12 ms late'])
})

test.each(ALL)('%s says nothing that is not from the language', async (path) => {
  const html = await (
    await fetch(url + path, { headers: { ...HTML, 'Accept-Language': 'xx' } })
  ).text()
  expect(html).toMatch(/^<!doctype html><html lang="xx" dir="ltr"/)
  expect(strange(html)).toEqual([])
})

test('a reader gets a language by header or cookie, and English otherwise', async () => {
  const titleOf = async (headers: Record<string, string>): Promise<string | undefined> =>
    /<html lang="(\S+)"/.exec(await (await fetch(`${url}/retries`, { headers })).text())?.[1]
  expect(await titleOf({ 'Accept-Language': 'de-CH, en;q=0.5' })).toBe('de')
  expect(await titleOf({ 'Accept-Language': 'en', Cookie: 'jobmill_locale=de' })).toBe('de')
  expect(await titleOf({ 'Accept-Language': 'en', Cookie: 'faktory_locale=de' })).toBe('de')
})

describeWith('chromium', 'longer texts, and from right to left', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  test.each([
    ['xx', 1440],
    ['xx', 390],
    ['xy', 1440],
    ['xy', 390],
  ])('in %s, %i px wide, every page fits', async (locale, width) => {
    const viewport = { width, height: 900 }
    const { page, close } = await openTab(browser, url, { locale, viewport })
    const tooWide: string[] = []
    for (const path of ALL) {
      await page.goto(url + path)
      const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
      const [wide, inner] = widths as [number, number]
      if (wide > inner) tooWide.push(`${path}: ${wide}`)
    }
    expect(tooWide).toEqual([])
    await close()
  })

  test('from right to left the menu stands at the right, and texts begin there', async () => {
    const { page, close } = await openTab(browser, url, { locale: 'xy' })
    await page.goto(`${url}/retries`)
    const boxOf = async (selector: string) => {
      const box = await page.locator(selector).first().boundingBox()
      if (box === null) throw new Error(`${selector} is not shown`)
      return box
    }
    const [side, main, title] = [await boxOf('.side'), await boxOf('.main'), await boxOf('h1')]
    expect(side.x).toBeGreaterThanOrEqual(main.x + main.width - 1)
    expect(title.x + title.width).toBeGreaterThan(main.x + main.width - 100)
    await close()
  })
})
