import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from '../web/site.ts'
import { operator, seedStill } from './operator.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
  await seedStill(site)
})
afterAll(() => site.stop())

/** Durations stand still: the times of a table depend on when it was asked for. */
const still = (text: string): string =>
  text.replace(/\d[\d,.]* (ms|s|min|h)( \d+ (s|min))?/g, '<time>').replace(/ +\n/g, '\n')

test('queues shows what waits in each, or in one', async () => {
  const jobmill = operator(site)
  expect(still((await jobmill('queues')).stdout).split('\n')).toEqual([
    expect.stringMatching(/^QUEUE +WAITING +OLDEST +STATE +PRIORITIES$/),
    expect.stringMatching(/^critical +0$/),
    expect.stringMatching(/^mailers +1 +<time> +paused +5: 1$/),
    expect.stringMatching(/^webhooks +14 +<time> +9: 1, .*, 5: 3, .*, 1: 2$/),
    '',
  ])
  expect((await jobmill('queues', 'mailers')).stdout).toContain('paused')
  expect((await jobmill('queues', 'mailers')).stdout).not.toContain('webhooks')
})

test('--json prints what the API answers, byte for byte', async () => {
  const jobmill = operator(site)
  for (const [args, path] of [
    [['retries'], '/jobs?state=retries'],
    [['jobs', '--queue', 'webhooks', '--limit', '2'], '/jobs?state=waiting&queue=webhooks&limit=2'],
    [['jobs', 'failing-1'], '/jobs/failing-1'],
    [['why', 'failing-1'], '/jobs/failing-1/why'],
  ] as const) {
    const answer = await (await site.get(`/api/v1${path}`)).text()
    expect(await jobmill(...args, '--json')).toEqual({ code: 0, stdout: `${answer}\n`, stderr: '' })
  }
})

test('retries, scheduled and dead list their jobs, and filters work', async () => {
  const jobmill = operator(site)
  const retries = (await jobmill('retries')).stdout
  expect(retries).toMatch(/^JID +JOBTYPE +QUEUE +TRIES +NEXT TRY +ERROR\n/)
  expect(still(retries)).toMatch(
    /\nfailing-0 +Charge +critical +9 +in <time> +Stripe::RateLimitError: /,
  )
  expect(retries).toMatch(/\n4 of 4 jobs\n$/)
  expect((await jobmill('retries', 'jid:failing-2', 'error:Stripe*')).stdout).toMatch(
    /\nfailing-2 .*\n1 of 4 jobs, 4 searched\n$/,
  )
  expect((await jobmill('retries', '--', '-jid:failing-2')).stdout).toMatch(
    /\n3 of 4 jobs, 4 searched\n$/,
  )
  expect((await jobmill('scheduled')).stdout).toMatch(
    /\nscheduled-0 +Report +reports +in .*\n3 of 3 jobs\n$/s,
  )
  expect((await jobmill('dead')).stdout).toMatch(/\nfailing-4 .*\n2 of 2 jobs\n$/s)
  expect((await jobmill('jobs', '--state', 'running')).stdout).toMatch(
    /\nrunning-1 +Import +critical +worker-1/,
  )
})

test('a list goes on where its last page ended', async () => {
  const jobmill = operator(site)
  const first = (await jobmill('jobs', '--queue', 'webhooks', '--limit', '10')).stdout
  const cursor = /\n10 of 14 jobs; go on with --after (\S+)\n$/.exec(first)?.[1] ?? ''
  expect((await jobmill('jobs', '--queue', 'webhooks', '--after', cursor)).stdout).toMatch(
    /\n4 of 14 jobs\n$/,
  )
})

test('nothing that a job says moves the terminal', async () => {
  await site.say(
    `PUSH ${JSON.stringify({ jid: 'escaping-1', jobtype: '\u001b[2J\u202etxt', args: ['\u001b]0;x\u0007'], queue: 'escapes' })}`,
  )
  const jobmill = operator(site)
  for (const args of [
    ['jobs', '--queue', 'escapes'],
    ['jobs', 'escaping-1'],
  ]) {
    const { stdout } = await jobmill(...args)
    expect(stdout).toContain('\\u001b[2J\\u202etxt')
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
  }
})

test('jobs JID tells all of a job, its numbers as they were pushed and no secrets', async () => {
  await site.say(
    'PUSH {"jid":"exact-job-2","jobtype":"Sum","queue":"exact","args":[899999999999999990,1.0,{"token":"t"}]}',
  )
  const jobmill = operator(site)
  const { stdout } = await jobmill('jobs', 'exact-job-2')
  expect(stdout).toContain('args         [899999999999999990,1.0,{"token":"•••"}]\n')
  expect(stdout).toContain('state        waiting: waits in exact behind 0 jobs\n')
  const failed = (await jobmill('jobs', 'failing-1')).stdout
  expect(failed).toMatch(/\nretry +25 times, 9 tried so far\n/)
  expect(failed).toMatch(/\nerror +Stripe::RateLimitError: <b onmouseover/)
  expect(failed).toMatch(/\nbacktrace\n {2}app\/charge.rb:41\n/)
})

test.each([
  ['waiting-3', /waits in webhooks behind \d+ jobs/],
  ['paused-1', /waits in mailers, which is paused/],
  ['scheduled-1', /planned for /],
  ['failing-1', /try 9 failed with Stripe::RateLimitError; the next is planned for /],
  ['running-1', /runs on worker-1, reserved until /],
])('why %s says so in a sentence', async (jid, sentence) => {
  const { code, stdout } = await operator(site)('why', jid)
  expect(code).toBe(0)
  expect(stdout).toMatch(sentence)
})

test.each([
  [['why', 'never-was'], 1, /never-was: no trace of this jid/],
  [['jobs', 'never-was'], 1, /no trace of this jid/],
  [['queues', 'webhoks'], 1, /there is no queue webhoks; the nearest name is webhooks/],
  [['retries', 'colour:red'], 1, /colour/],
  [['jobs', '--state', 'nowhere'], 1, /state is one of/],
  [['jobs'], 2, /say which: a jid, --queue NAME, or --state STATE/],
  [['jobs', 'failing-1', '--queue', 'x'], 2, /a jid names one job/],
  [['jobs', '--queue', 'x', '--state', 'dead'], 2, /--filter queue:NAME/],
  [['retries', '--retry', '--kill'], 2, /say one of --retry and --kill/],
  [['queues', '--colour'], 2, /unknown option/],
])('%j ends with %i and says what to do', async (args, code, words) => {
  const outcome = await operator(site)(...args)
  expect(outcome.code).toBe(code)
  expect(outcome.stderr).toMatch(words)
  expect(outcome.stdout).toBe('')
})
