import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fieldsOf } from './html.ts'
import { openSite, seed, type Site } from './site.ts'

let site: Site
const open = async (): Promise<void> => {
  site = await openSite()
  await seed(site)
}

/** As a script posts: no header of a browser. */
async function script(path: string, body: string): Promise<Response> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return fetch(site.url + path, { method: 'POST', body, headers, redirect: 'manual' })
}

/** As a browser posts a form of a page: with that page's hidden fields, and more. */
async function browser(page: string, path: string, more: string): Promise<Response> {
  const html = await (await site.get(page)).text()
  const fields = fieldsOf(html, path)
  for (const [name, value] of new URLSearchParams(more)) fields.append(name, value)
  return fetch(site.url + path, {
    method: 'POST',
    body: fields,
    headers: { Origin: site.url },
    redirect: 'manual',
  })
}

/** Where the jobs are. */
async function counts(): Promise<Record<string, unknown>> {
  const { faktory } = (await (await site.get('/stats')).json()) as {
    faktory: { queues: Record<string, number>; sets: Record<string, number> }
  }
  return { ...faktory.sets, ...faktory.queues }
}

/** The same after as before, but for these. */
async function changes(deed: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const before = await counts()
  await deed()
  const after = await counts()
  return Object.fromEntries(Object.entries(after).filter(([key, n]) => before[key] !== n))
}

/** Waits for a mass action to be done. */
async function settled(response: Response): Promise<void> {
  const path = response.headers.get('Location') ?? ''
  expect(path).toMatch(/^\/actions\//)
  const api = `/api/v1${path.replace(/\?.*/, '')}`
  for (;;) {
    const { state } = (await (await site.get(api)).json()) as { state: string }
    if (state === 'done') return
    expect(state).toBe('running')
  }
}

async function keyOf(set: string, jid: string): Promise<string> {
  const { items } = (await (await site.get(`/api/v1/jobs?state=${set}`)).json()) as {
    items: { jid: string; due_at?: string; died_at?: string }[]
  }
  const job = items.find((one) => one.jid === jid)
  const time = job?.due_at ?? job?.died_at
  if (time === undefined) throw new Error(`${jid} is not in ${set}`)
  return `${time}|${jid}`
}

describe("Faktory's forms", () => {
  beforeEach(open)
  afterEach(() => site.stop())

  test('key=all retries, kills and deletes all, each as it says', async () => {
    expect(
      await changes(async () => settled(await script('/retries', 'action=kill&key=all'))),
    ).toEqual({ retries: 0, dead: 6 })
    expect(
      await changes(async () => settled(await script('/morgue', 'action=retry&key=all'))),
    ).toEqual({ dead: 0, critical: 6 })
    expect(
      await changes(async () => settled(await script('/scheduled', 'action=delete&key=all'))),
    ).toEqual({ scheduled: 0 })
  })

  test('add_to_queue puts scheduled jobs into their queues', async () => {
    const key = encodeURIComponent(await keyOf('scheduled', 'scheduled-1'))
    const response = await script('/scheduled', `action=add_to_queue&key=${key}`)
    expect(response.status).toBe(303)
    expect(await counts()).toMatchObject({ scheduled: 2, reports: 1 })
    await settled(await script('/scheduled', 'action=add_to_queue&key=all'))
    expect(await counts()).toMatchObject({ scheduled: 0, reports: 3 })
  })

  test('a key of time and jid names one job, in the body and in the path', async () => {
    const one = await keyOf('retries', 'failing-0')
    const two = await keyOf('retries', 'failing-1')
    const body = `action=kill&key=${encodeURIComponent(one)}&key=${encodeURIComponent(two)}`
    expect(await changes(() => script('/retries', body))).toEqual({ retries: 2, dead: 4 })
    const path = `/morgue/${encodeURIComponent(await keyOf('dead', 'failing-0'))}`
    expect(await changes(() => script(path, 'action=delete'))).toEqual({ dead: 3 })
  })

  test('queues are paused, resumed and cleared', async () => {
    await script('/queues/webhooks', 'action=pause')
    expect(await site.worker.send('FETCH webhooks')).toMatchObject({ kind: 'nil' })
    await script('/queues/webhooks', 'action=resume')
    expect(await site.worker.send('FETCH webhooks')).toMatchObject({ kind: 'bulk' })
    const response = await script('/queues/webhooks', 'action=delete')
    expect(response.status).toBe(303)
    expect((await counts())['webhooks'] ?? 0).toBe(0)
  })

  test('workers are told to be quiet and to stop', async () => {
    await site.worker.send('BEAT {"wid":"worker-1"}')
    await script('/busy', 'wid=worker-1&signal=quiet')
    expect(await site.worker.send('BEAT {"wid":"worker-1"}')).toMatchObject({
      text: '{"state":"quiet"}',
    })
    await script('/busy', 'wid=all&signal=terminate')
    expect(await site.worker.send('BEAT {"wid":"worker-1"}')).toMatchObject({
      text: '{"state":"terminate"}',
    })
  })

  test('its addresses lead on', async () => {
    for (const [from, to] of [
      ['/retries/2026-11-25T08:00:00.123456789Z|failing-0', '/jobs/failing-0'],
      ['/scheduled/2026-11-25T08:00:00Z%7Cscheduled-0', '/jobs/scheduled-0'],
      ['/morgue/2026-11-25T08:00:00Z|failing-5', '/jobs/failing-5'],
      ['/filter/retries?substr=charge', '/retries?q=charge'],
      ['/filter/scheduled?substr=', '/scheduled'],
      ['/filter/morgue?substr=a%20b', '/morgue?q=a+b'],
    ] as const) {
      const response = await site.get(from)
      expect(response.status, from).toBe(302)
      expect(response.headers.get('Location'), from).toBe(to)
      expect((await site.get(to)).status, to).toBe(200)
    }
    for (const path of ['/', '/queues', '/busy', '/stats', '/health', '/retries?page=2']) {
      expect((await site.get(path)).status, path).toBe(200)
    }
  })
})

describe('what cannot be done', () => {
  beforeAll(open)
  afterAll(() => site.stop())

  test.each([
    ['/retries', 'retry'],
    ['/retries', 'kill'],
    ['/retries', 'delete'],
    ['/scheduled', 'retry'],
    ['/scheduled', 'add_to_queue'],
    ['/scheduled', 'delete'],
    ['/morgue', 'retry'],
    ['/morgue', 'delete'],
    ['/queues/webhooks', 'kill'],
    ['/queues/webhooks', 'discard'],
    ['/queues/webhooks', 'delete'],
  ])(
    '%s, %s with nothing chosen: nothing is changed, and the page says why',
    async (path, action) => {
      const answers: Response[] = []
      const changed = await changes(async () => {
        answers.push(await browser(path, path, `action=${action}`))
        // A script may clear a queue so.
        if (action !== 'delete' || !path.startsWith('/queues')) {
          answers.push(await script(path, `action=${action}&key=&jid=`))
        }
      })
      expect(changed).toEqual({})
      for (const answer of answers) {
        expect(answer.status).toBe(422)
        expect(await answer.text()).toContain('Choose at least one job')
      }
    },
  )

  test('a worker must be named, and be there', async () => {
    expect((await script('/busy', 'signal=quiet')).status).toBe(422)
    const nobody = await script('/busy', 'signal=quiet&wid=nobody')
    const page = await (await site.get(nobody.headers.get('Location') ?? '')).text()
    expect(page).toContain('No worker is connected')
  })

  test('what a form asks must make sense', async () => {
    const asked: [string, string, number][] = [
      ['/retries', 'action=explode&jid=failing-0', 422],
      // Enter in a tick box, where no script runs.
      ['/retries', 'jid=failing-0&action=', 422],
      ['/morgue', 'action=kill&jid=failing-5', 422],
      ['/queues/webhooks', 'action=explode', 422],
      ['/queues/nowhere', 'action=pause', 303],
      ['/busy', 'wid=all&signal=explode', 422],
      ['/jobs/waiting-1', 'action=explode&seq=1', 303],
      ['/actions', 'do=delete&set=nowhere', 422],
      ['/actions', 'do=kill&set=dead', 422],
      ['/actions', 'do=clear&set=retries', 422],
      ['/actions', 'do=delete&set=retries&q=colour:red', 422],
      ['/actions/none/stop', '', 303],
    ]
    for (const [path, body, status] of asked) {
      expect((await script(path, body)).status, `${path} ${body}`).toBe(status)
    }
    const asking = await site.get('/actions/new?set=retries&do=delete&q=colour:red')
    expect(asking.status).toBe(422)
    expect(await asking.text()).toContain('colour')
    const queues = await (await site.get('/queues')).text()
    expect(queues).not.toContain('nowhere')
    const form = new FormData()
    form.set('action', 'retry')
    const sent = await fetch(`${site.url}/retries`, { method: 'POST', body: form })
    expect(sent.status).toBe(400)
    const large = await script('/retries', `action=retry&jid=${'x'.repeat(1024 * 1024)}`)
    expect(large.status).toBe(400)
  })
})

describe('from a browser', () => {
  beforeEach(open)
  afterEach(() => site.stop())

  test('a browser that deletes chosen jobs is asked first', async () => {
    const chosen = 'action=delete&jid=failing-0&jid=failing-1'
    const answers: Response[] = []
    const changed = await changes(async () => {
      answers.push(await browser('/retries', '/retries', chosen))
    })
    expect(changed).toEqual({})
    const [asked] = answers
    expect(asked?.status).toBe(200)
    const html = (await asked?.text()) ?? ''
    expect(html).toContain('Delete 2 jobs?')
    const sure = fieldsOf(html, '/retries')
    expect(sure.getAll('jid')).toEqual(['failing-0', 'failing-1'])
    const headers = { Origin: site.url }
    const send = () =>
      fetch(`${site.url}/retries`, { method: 'POST', body: sure, headers, redirect: 'manual' })
    expect(await changes(send)).toEqual({ retries: 2 })
    // Pressed twice: nothing more happens, and the page says so.
    const again = await send()
    const page = await (await site.get(again.headers.get('Location') ?? '')).text()
    expect(page).toContain('2 jobs had moved on meanwhile')
  })

  test('all that match: what came later is left alone', async () => {
    const page = '/actions/new?set=retries&do=kill&q=jobtype:Charge'
    const html = await (await site.get(page)).text()
    expect(html).toContain('Kill 4 jobs?')
    await site.say('PUSH {"jid":"failing-9","jobtype":"Charge","queue":"late","args":[]}')
    await site.worker.send('FETCH late')
    await site.worker.send('FAIL {"jid":"failing-9","errtype":"E","message":"m","backtrace":[]}')
    const fields = fieldsOf(html, '/actions')
    const headers = { Origin: site.url }
    const send = () =>
      fetch(`${site.url}/actions`, { method: 'POST', body: fields, headers, redirect: 'manual' })
    await settled(await send())
    expect(await counts()).toMatchObject({ retries: 1, dead: 6 })
  })

  test('more than a thousand are deleted only when the count is typed', async () => {
    for (let from = 0; from < 1_100; from += 100) {
      const jobs = Array.from({ length: 100 }, (_, i) => ({
        jid: `many-jobs-${from + i}`,
        jobtype: 'Many',
        queue: 'many',
        args: [],
        at: '2040-01-01T00:00:00Z',
      }))
      expect(await site.say(`PUSHB ${JSON.stringify(jobs)}`)).toBe('{}')
    }
    const page = '/actions/new?set=scheduled&do=delete&q=jobtype:Many'
    for (const typed of ['', '1099', '1,100', 'yes']) {
      const answer = await browser(page, '/actions', `typed=${typed}`)
      expect(answer.status, typed).toBe(422)
    }
    expect(await counts()).toMatchObject({ scheduled: 1_103 })
    await settled(await browser(page, '/actions', 'typed=1100'))
    expect(await counts()).toMatchObject({ scheduled: 3 })
  })

  test('each action is one line of the log, by whom and from where', async () => {
    await script('/retries', 'action=kill&jid=failing-0')
    await script('/queues/webhooks', 'action=pause')
    const lines = site.server
      .output()
      .split('\n')
      .filter((line) => line.includes("operator's action"))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('"address":"127.0.0.1"')
    expect(lines[0]).toContain('failing-0')
    expect(lines[1]).toContain('pause queue')
  })
})
