import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { describeWith } from '../support/toolchain.ts'
import { launch, openTab } from './browser.ts'
import { handOf, WAYS, type Hand } from './hand.ts'
import { openSite, type Site } from './site.ts'

const FAR = '2040-01-01T00:00:00Z'

describeWith('chromium', 'every action', () => {
  let site: Site
  let browser: Browser
  beforeAll(async () => {
    site = await openSite()
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })

  /** A job in one of the places. */
  async function put(jid: string, place: string, more: Record<string, unknown> = {}) {
    const retry = { retries: 25, dead: -1 }[place]
    const at = place === 'scheduled' ? { at: FAR } : {}
    const queue = `${place}-of-${jid}`
    const job = { jid, jobtype: 'Work', args: [], queue, ...at, ...more }
    expect(await site.say(`PUSH ${JSON.stringify({ ...job, retry })}`)).toBe('OK')
    if (retry === undefined) return
    // A worker of its own: others are told to stop here.
    const { port } = site.server
    const worker = await FwpConnection.open({ port, wid: `fails-${jid}` })
    await worker.send(`FETCH ${queue}`)
    await worker.send(`FAIL {"jid":"${jid}","errtype":"E","message":"m","backtrace":[]}`)
    worker.end()
  }

  async function jobOf(jid: string): Promise<Record<string, unknown>> {
    const response = await site.get(`/api/v1/jobs/${jid}`)
    const body = (await response.json()) as Record<string, unknown>
    return response.status === 404 ? { state: 'gone' } : body
  }
  const stateOf = async (...jids: string[]): Promise<unknown[]> =>
    Promise.all(jids.map(async (jid) => (await jobOf(jid))['state']))

  describe.each(WAYS)('%s', (way) => {
    const name = way.replace(/\W+/g, '-')
    let page: Page
    let hand: Hand
    let troubles: string[]
    let close: () => Promise<void>
    beforeEach(async () => {
      const options = { javaScriptEnabled: way !== 'without JavaScript' }
      ;({ page, troubles, close } = await openTab(browser, site.url, options))
      page.setDefaultTimeout(60_000)
      hand = handOf(page, way)
    })
    afterEach(async () => {
      expect(troubles.filter((one) => !/status of (404|422)/.test(one))).toEqual([])
      await close()
    })

    const go = (path: string) => page.goto(site.url + path)
    const button = (text: string) => page.getByRole('button', { name: text, exact: true })
    const link = (text: string) => page.getByRole('link', { name: text, exact: true })
    const row = (jid: string) => page.getByRole('checkbox', { name: `Choose job ${jid}` })
    const summary = (text: string) => page.locator('summary', { hasText: text })
    const says = (text: string) => page.locator('main', { hasText: text }).waitFor()

    /** Ticks jobs of a list and presses a button of the bar. */
    async function chosen(path: string, jids: string[], deed: string): Promise<void> {
      await go(path)
      for (const jid of jids) await hand.tick(row(jid))
      await hand.press(button(deed))
    }

    test('chosen jobs: retry, kill, delete', async () => {
      const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((one) => `${name}-${one}`) as [
        string,
        string,
        string,
        string,
      ]
      // Each just before its turn: the first retry comes after a quarter of a minute.
      const fail = (jid: string) => put(jid, 'retries', { jobtype: `List-${name}` })
      const list = `/retries?q=jobtype:List-${name}`
      await fail(a)
      await fail(b)
      await chosen(list, [a, b], 'Retry now')
      await says('2 jobs put back into the queue.')
      await fail(c)
      await chosen(list, [c], 'Kill')
      await says('1 job moved to the dead.')
      await fail(d)
      await chosen(list, [d], 'Delete')
      await says('They are gone for good.')
      expect(await stateOf(d)).toEqual(['retries'])
      await hand.press(link('Cancel'))
      await page.getByRole('heading', { name: 'Retries' }).waitFor()
      await chosen(list, [d], 'Delete')
      await hand.press(button('Delete 1 job'))
      await says('1 job deleted.')
      expect(await stateOf(a, b, c, d)).toEqual(['waiting', 'waiting', 'dead', 'gone'])
      await chosen('/morgue', [c], 'Retry now')
      await says('1 job put back into the queue.')
      expect(await stateOf(c)).toEqual(['waiting'])
    })

    test('all that match: confirmed, above a thousand by the typed count', async () => {
      const jids = ['p', 'q'].map((one) => `${name}-${one}`)
      for (const jid of jids) await put(jid, 'scheduled', { jobtype: `Match-${name}` })
      await go(`/scheduled?q=jobtype:Match-${name}`)
      await hand.press(link('Queue now…'))
      await says('They go to the back of their queues')
      await hand.press(button('Queue now 2 jobs'))
      await says('2 done, 0 had moved on')
      expect(await stateOf(...jids)).toEqual(['waiting', 'waiting'])

      const many = Array.from({ length: 1_001 }, (_, i) => ({
        jid: `${name}-many-${i}`,
        jobtype: `Many-${name}`,
        args: [],
        at: FAR,
      }))
      await site.say(`PUSHB ${JSON.stringify(many)}`)
      await go(`/scheduled?q=jobtype:Many-${name}&limit=5`)
      await hand.press(link('Delete…'))
      const typed = page.getByLabel('Type 1001 to confirm')
      await hand.type(typed, '100')
      await hand.press(button('Delete 1,001 jobs'))
      await says('That is not what was asked for.')
      expect(await stateOf(`${name}-many-0`)).toEqual(['scheduled'])
      await hand.type(typed, '1001')
      await hand.press(button('Delete 1,001 jobs'))
      await page.waitForURL(/\/actions\/[\w-]+/)
      // Without JavaScript a person loads the page again.
      const isDone = async (): Promise<boolean> =>
        (await page.locator('main').innerText()).includes('1,001 done, 0 had moved on')
      while (!(await isDone())) await page.reload()
      expect(await stateOf(`${name}-many-0`, `${name}-many-1000`)).toEqual(['gone', 'gone'])
    })

    test("from a job's page: retry, kill, delete, change", async () => {
      const jids = ['v', 'w', 'x', 'y'].map((one) => `${name}-${one}`)
      const [v = '', w = '', x = '', y = ''] = jids
      await put(v, 'retries')
      await put(w, 'scheduled')
      await put(x, 'dead')
      await put(y, 'scheduled')
      await go(`/jobs/${v}`)
      await hand.press(button('Retry now'))
      await says('1 job put back into the queue.')
      await go(`/jobs/${w}`)
      await hand.press(button('Kill'))
      await says('1 job moved to the dead.')
      await go(`/jobs/${x}`)
      await hand.press(summary('Delete…'))
      await hand.press(button('Delete'))
      await says('1 job deleted.')
      expect(await stateOf(v, w, x)).toEqual(['waiting', 'dead', 'gone'])

      await go(`/jobs/${y}`)
      await hand.choose(page.getByLabel('Priority'), '9')
      await hand.type(page.getByLabel('Move to queue'), 'urgent')
      await hand.type(page.getByLabel('Change time'), '2041-02-03T04:05:06Z')
      await hand.press(button('Save'))
      await says('The job was changed.')
      const { state, priority, queue, due_at: at } = await jobOf(y)
      expect([state, priority, queue]).toEqual(['scheduled', 9, 'urgent'])
      expect(String(at)).toContain('2041-02-03T04:05:06')
      await hand.type(page.getByLabel('Change time'), 'tomorrow')
      await hand.press(button('Save'))
      await says('That cannot be done')
      await go(`/jobs/${y}`)
      await hand.press(button('Queue now'))
      await says('1 job put back into the queue.')
      expect(await stateOf(y)).toEqual(['waiting'])
    })

    test('a queue: pause, resume, kill, delete, clear', async () => {
      const queue = `queue-${name}`
      const jids = [1, 2, 3].map((one) => `${name}-waiting-${one}`)
      const [one = '', two = '', three = ''] = jids
      for (const jid of jids) await put(jid, 'waiting', { queue })
      await go('/queues')
      await hand.press(button(`Pause ${queue}`))
      await says(`${queue} is paused`)
      await go(`/queues/${queue}`)
      await hand.press(button('Resume'))
      await says(`${queue} goes on.`)
      await chosen(`/queues/${queue}`, [one], 'Kill')
      await says('1 job moved to the dead.')
      await chosen(`/queues/${queue}`, [two], 'Delete')
      await hand.press(button('Delete 1 job'))
      await says('1 job deleted.')
      expect(await stateOf(one, two, three)).toEqual(['dead', 'gone', 'waiting'])
      await go(`/queues/${queue}`)
      await hand.press(link('Clear…'))
      await says('All waiting jobs of this queue are gone for good.')
      await hand.press(button('Delete 1 job'))
      await says(`${queue} is emptied.`)
      expect(await stateOf(three)).toEqual(['gone'])
    })

    test('workers: quiet, stop; preferences', async () => {
      const wid = `told-${name}`
      const worker = await FwpConnection.open({ port: site.server.port, wid })
      const beat = async () => (await worker.send(`BEAT {"wid":"${wid}"}`)).text
      await beat()
      await go('/busy')
      await hand.press(button(`Quiet ${wid}`))
      await says('It gets no more jobs from its next beat on.')
      await go('/busy')
      await hand.press(summary('Stop all…'))
      await hand.press(button('Stop all'))
      await says('It is asked to stop with its next beat.')
      expect(await beat()).toBe('{"state":"terminate"}')
      worker.end()

      await go('/preferences')
      await hand.choose(page.getByLabel('Colours'), 'dark')
      await hand.choose(page.getByLabel('Times'), 'UTC')
      await hand.press(button('Save'))
      await says('Saved.')
      await put(`${name}-dated`, 'scheduled', { at: '2042-05-06T07:08:09Z' })
      await go(`/scheduled?q=${name}-dated`)
      expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
      await says('2042-05-06 07:08:09 UTC')
    })
  })
})
