import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from '../web/site.ts'
import { operator } from './operator.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site.stop())

test('a push is one line, and a worker gets the arguments as they were written', async () => {
  const { code, stdout } = await operator(site)(
    'push',
    'Resize',
    '899999999999999990',
    '1.0',
    '-5',
    '"é"',
    '{"b":1,"a":[]}',
    'null',
  )
  expect(code).toBe(0)
  const job = (await site.worker.send('FETCH default')).text ?? ''
  expect(job).toContain('"args":[899999999999999990,1.0,-5,"é",{"b":1,"a":[]},null]')
  expect(JSON.parse(job)).toMatchObject({ jid: stdout.trim(), jobtype: 'Resize' })
})

test('everything about a job can be said', async () => {
  const jobmill = operator(site)
  const said = ['--queue', 'special', '--priority', '9', '--retry', '-1', '--reserve-for', '120']
  const more = ['--custom', '{"tenant":"acme"}', '--jid', 'said-job-1']
  expect((await jobmill('push', 'T', ...said, ...more)).stdout).toBe('said-job-1\n')
  const job = (await site.worker.send('FETCH special')).text ?? ''
  expect(JSON.parse(job)).toMatchObject({
    jid: 'said-job-1',
    args: [],
    priority: 9,
    retry: -1,
    reserve_for: 120,
    custom: { tenant: 'acme' },
  })
  expect((await jobmill('push', 'T', '--json')).stdout).toBe('{"pushed":1,"refused":{}}\n')
})

test('a time is one of the wall clock, or from now on', async () => {
  const jobmill = operator(site)
  const dueOf = async (jid: string): Promise<string> =>
    ((await (await site.get(`/api/v1/jobs/${jid.trim()}`)).json()) as { due_at: string }).due_at
  const fixed = (await jobmill('push', 'T', '--at', '2100-01-01T00:00:00Z')).stdout
  expect(await dueOf(fixed)).toBe('2100-01-01T00:00:00Z')
  const before = Date.now()
  const relative = (await jobmill('push', 'T', '--at', '2h')).stdout
  const due = Date.parse(await dueOf(relative)) - 2 * 3_600_000
  expect(due).toBeGreaterThanOrEqual(before)
  expect(due).toBeLessThanOrEqual(Date.now())
})

test.each([
  [['push', 'T', 'abc'], 2, `abc is no JSON; a text is in quotes within quotes: '"abc"'`],
  [['push', 'T', '--priority', 'high'], 2, '--priority is high: it must be 1 to 9'],
  [['push', 'T', '--retry', 'ever'], 2, '--retry is ever: it must be a whole number'],
  [['push'], 2, "missing required argument 'jobtype'"],
  [['push', 'T', '--at', 'soon'], 1, 'soon'],
  [['push', 'T', '--jid', 'short'], 1, 'jid'],
])('%j is refused with %i, and says why', async (args, code, words) => {
  const outcome = await operator(site)(...args)
  expect(outcome.code).toBe(code)
  expect(outcome.stderr).toContain(words)
})
