import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { OPENAPI } from '../../packages/server/src/web/api/openapi.ts'
import { HOSTILE, openSite, seed, type Site } from './site.ts'

const PASSWORD = 'open sesame'
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: 'api', ...OPENAPI })

let site: Site
beforeAll(async () => {
  site = await openSite({
    password: PASSWORD,
    env: { JOBMILL_WEB_READONLY_PASSWORD: 'only looking' },
  })
  await seed(site)
})
afterAll(() => site.stop())

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Record<string, unknown> }>>
}
const PATHS = OPENAPI.paths as unknown as Record<string, Record<string, Operation>>
const used = new Set<string>()

/** The described path of a real one. */
function described(path: string): string {
  const bare = path.replace(/\?.*$/, '')
  const found = Object.keys(PATHS)
    .sort((a, b) => a.split('{').length - b.split('{').length)
    .find((known) => new RegExp(`^${known.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare))
  if (found === undefined) throw new Error(`${path} is not described`)
  return found
}

/** Asks the API, and holds the answer against its description. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown; text: string }> {
  const response = await site.send(method, `/api/v1${path}`, body)
  const text = await response.text()
  const known = described(path)
  used.add(`${method.toLowerCase()} ${known}`)
  const responses = PATHS[known]?.[method.toLowerCase()]?.responses ?? {}
  const key = String(response.status) in responses ? String(response.status) : 'default'
  const type = (response.headers.get('Content-Type') ?? '').replace(/;.*/, '')
  if (text === '') {
    expect(['202', '204']).toContain(key)
    return { status: response.status, body: undefined, text }
  }
  const pointer = [
    'paths',
    known,
    method.toLowerCase(),
    'responses',
    key,
    'content',
    type,
    'schema',
  ]
    .map((part) => part.replace(/~/g, '~0').replace(/\//g, '~1'))
    .map(encodeURIComponent)
    .join('/')
  const value: unknown = JSON.parse(text)
  const validate = ajv.compile({ $ref: `api#/${pointer}` })
  expect(validate(value), `${method} ${path}: ${ajv.errorsText(validate.errors)}\n${text}`).toBe(
    true,
  )
  return { status: response.status, body: value, text }
}

test('the description is a valid OpenAPI 3.1 document, and is served', async () => {
  const result = await new Validator().validate(
    JSON.parse(JSON.stringify(OPENAPI)) as Record<string, unknown>,
  )
  expect(result.errors).toBeUndefined()
  expect(result.valid).toBe(true)
  const { body } = await ask('GET', '/openapi.json')
  expect(body).toEqual(JSON.parse(JSON.stringify(OPENAPI)))
})

test('tells how the server and its jobs do', async () => {
  expect((await ask('GET', '/overview')).body).toMatchObject({
    processed: 6,
    failures: 6,
    waiting: 15,
    running: 1,
    scheduled: 3,
    retries: 4,
    dead: 2,
    workers: 1,
    needs: expect.arrayContaining([
      expect.objectContaining({ code: 'died', count: 2 }),
      expect.objectContaining({ code: 'paused', queue: 'mailers' }),
    ]) as unknown,
  })
  expect((await ask('GET', '/health')).body).toMatchObject({ store: { state: 'ready' } })
})

test('tells what happened over time', async () => {
  expect((await ask('GET', '/overview?range=24h')).body).toMatchObject({
    range: '24h',
    failed_in_range: 6,
    done_in_range: 0,
    errors: [{ jobtype: 'Charge', errtype: 'Stripe::RateLimitError', count: 6 }],
    needs: expect.arrayContaining([
      expect.objectContaining({ code: 'error_burst', jobtype: 'Charge', count: 6 }),
    ]) as unknown,
  })
  const { body } = await ask('GET', '/series?metric=throughput&by=queue&name=critical')
  const { series, step_s } = body as {
    series: { name: string; values: number[] }[]
    step_s: number
  }
  expect(step_s).toBe(60)
  expect(series.map(({ name }) => name)).toEqual(['done', 'failed'])
  expect(series[1]?.values).toHaveLength(60)
  expect(Math.max(...(series[1]?.values ?? []))).toBeGreaterThan(0)
  expect((await ask('GET', '/series?metric=wait&range=7d')).body).toMatchObject({ step_s: 3600 })
  expect((await ask('GET', '/series?metric=speed')).body).toMatchObject({ code: 'NO_METRIC' })
  expect((await ask('GET', '/series?range=2w')).body).toMatchObject({ code: 'NO_RANGE' })
  expect((await ask('GET', '/series?by=colour')).body).toMatchObject({ code: 'NO_GROUP' })
  expect((await ask('GET', '/totals')).body).toMatchObject({
    by: 'jobtype',
    items: expect.arrayContaining([
      expect.objectContaining({ name: 'Charge', pushed: 6, fetched: 6, done: 0, failed: 6 }),
    ]) as unknown,
  })
})

test('groups errors, and gives the filter that means their jobs', async () => {
  const errors = await ask('GET', '/errors')
  const [group] = (errors.body as { items: { id: string; q: string }[] }).items
  expect(group).toMatchObject({ jobtype: 'Charge', count: 6, retries: 4, dead: 2 })
  const order = { do: 'retry', set: 'retries', q: group?.q, dry_run: true }
  expect((await ask('POST', '/actions', order)).body).toEqual({ total: 4 })
  expect((await ask('GET', `/errors/${group?.id}`)).body).toMatchObject({
    samples: [{ jid: 'failing-0' }],
    backtrace: ['app/charge.rb:41', HOSTILE],
  })
  expect((await ask('GET', '/errors/never-was')).body).toMatchObject({ code: 'NO_ERROR' })
})

test('takes marks, and shows them in series', async () => {
  expect((await ask('POST', '/marks', { label: 'v2.41' })).status).toBe(201)
  const old = { label: 'v1', at: '2020-01-01T00:00:00Z' }
  expect((await ask('POST', '/marks', old)).body).toEqual(old)
  expect((await ask('GET', '/series')).body).toMatchObject({ marks: [{ label: 'v2.41' }] })
  for (const wrong of [{}, { label: ' ' }, { label: 'v', at: 'soon' }]) {
    expect((await ask('POST', '/marks', wrong)).body).toMatchObject({ code: 'INVALID_BODY' })
  }
})

test('lists, pauses, resumes, clears and forgets queues', async () => {
  expect((await ask('GET', '/queues')).body).toMatchObject({
    items: [{ name: 'critical' }, { name: 'mailers', paused: true }, { name: 'webhooks' }],
  })
  await site.say('PUSH {"jid":"queue-job-1","jobtype":"T","args":[],"queue":"spare"}')
  expect((await ask('POST', '/queues/spare/pause')).status).toBe(204)
  expect((await ask('GET', '/queues/spare')).body).toMatchObject({ paused: true, waiting: 1 })
  expect((await ask('POST', '/queues/spare/resume')).status).toBe(204)
  expect((await ask('DELETE', '/queues/spare')).body).toMatchObject({ code: 'QUEUE_NOT_EMPTY' })
  expect((await ask('POST', '/queues/spare/clear')).status).toBe(204)
  expect((await ask('GET', '/queues/spare')).status).toBe(404)
  expect((await ask('DELETE', '/queues/spare')).body).toMatchObject({ code: 'NO_QUEUE' })
})

test('makes and lists backups', async () => {
  expect((await ask('GET', '/backups')).body).toEqual({
    items: [],
    running: false,
    last_error: null,
  })
  expect((await ask('POST', '/backups')).status).toBe(202)
  expect((await ask('POST', '/backups')).body).toMatchObject({ code: 'BACKUP_RUNNING' })
  await vi.waitFor(
    async () => {
      const { body } = await ask('GET', '/backups')
      expect(body).toMatchObject({
        running: false,
        items: [{ bytes: expect.any(Number) as number }],
      })
    },
    { timeout: 20_000, interval: 100 },
  )
})

test('pages through jobs with a filter', async () => {
  const first = await ask('GET', '/jobs?state=waiting&queue=webhooks&q=jobtype:Deliver&limit=5')
  const page = first.body as { items: { jid: string }[]; next: string; total: number }
  expect(page.items).toHaveLength(5)
  expect(page.total).toBe(14)
  const more = await ask(
    'GET',
    `/jobs?state=waiting&queue=webhooks&q=jobtype:Deliver&limit=100&after=${page.next}`,
  )
  const rest = more.body as typeof page & { previous: string }
  expect(new Set([...page.items, ...rest.items].map(({ jid }) => jid)).size).toBe(12)
  const back = await ask(
    'GET',
    `/jobs?state=waiting&queue=webhooks&q=jobtype:Deliver&limit=5&before=${rest.previous}`,
  )
  expect((back.body as typeof page).items).toEqual(page.items)
  expect((await ask('GET', '/jobs?state=nowhere')).body).toMatchObject({ code: 'NO_PLACE' })
  expect((await ask('GET', '/jobs?q=colour:red')).body).toMatchObject({
    code: 'INVALID_FILTER',
    status: 422,
  })
})

test('gives numbers back as they were pushed, and hides what is secret', async () => {
  const args = '[899999999999999990,1.0,1e400,{"token":"t","deep":{"Password":"p"}}]'
  const text = `{"jid":"exact-job-1","jobtype":"Sum","queue":"exact","args":${args}}`
  expect((await ask('POST', '/jobs', text)).body).toEqual({ pushed: 1, refused: {} })
  const job = await ask('GET', '/jobs/exact-job-1')
  expect(job.text).toContain(
    '"args":[899999999999999990,1.0,1e400,{"token":"•••","deep":{"Password":"•••"}}]',
  )
  expect(await site.say('FETCH exact')).toContain(`"args":${args}`)
})

test('pushes many and says which were refused', async () => {
  const jobs = [
    { jid: 'bulk-job-1', jobtype: 'T', args: [], queue: 'bulk' },
    { jid: 'short', jobtype: 'T', args: [] },
  ]
  expect((await ask('POST', '/jobs', jobs)).body).toMatchObject({
    pushed: 1,
    refused: { short: 'jobs must have a reasonable jid parameter' },
  })
  expect((await ask('POST', '/jobs', { jid: 'no-type-1', args: [] })).body).toMatchObject({
    code: 'JOBTYPE_MISSING',
  })
  expect((await ask('POST', '/jobs', '{')).body).toMatchObject({ code: 'INVALID_JSON' })
})

test.each([
  ['waiting-3', 'behind', 'waiting'],
  ['paused-1', 'paused', 'waiting'],
  ['scheduled-1', 'scheduled', 'scheduled'],
  ['failing-1', 'retrying', 'retries'],
  ['failing-5', 'dead', 'dead'],
  ['running-1', 'running', 'running'],
])('tells why %s does not run: %s', async (jid, code, state) => {
  expect((await ask('GET', `/jobs/${jid}`)).body).toMatchObject({ jid, state, why: { code } })
  expect((await ask('GET', `/jobs/${jid}/why`)).body).toMatchObject({ code })
})

test('knows nothing of a job that never was', async () => {
  expect((await ask('GET', '/jobs/never-was')).body).toMatchObject({ code: 'NO_JOB', status: 404 })
  expect((await ask('GET', '/jobs/never-was/why')).body).toMatchObject({ code: 'unknown' })
})

test('changes, kills, retries and deletes one job', async () => {
  const stateOf = async (jid: string) =>
    ((await ask('GET', `/jobs/${jid}`)).body as { state?: string; priority?: number }).state
  const change = { priority: 9, queue: 'urgent' }
  expect((await ask('PATCH', '/jobs/waiting-1', change)).status).toBe(204)
  expect((await ask('GET', '/jobs/waiting-1')).body).toMatchObject({ ...change, why: { ahead: 0 } })
  expect((await ask('PATCH', '/jobs/scheduled-2', { at: '2030-01-01T00:00:00Z' })).status).toBe(204)
  expect((await ask('GET', '/jobs/scheduled-2')).body).toMatchObject({
    due_at: '2030-01-01T00:00:00Z',
  })
  expect((await ask('PATCH', '/jobs/scheduled-2', { at: 'soon' })).body).toMatchObject({
    code: 'INVALID_AT',
  })
  expect((await ask('PATCH', '/jobs/scheduled-2', { priority: 12 })).body).toMatchObject({
    code: 'INVALID_BODY',
  })
  expect((await ask('POST', '/jobs/waiting-2/kill')).status).toBe(204)
  expect(await stateOf('waiting-2')).toBe('dead')
  expect((await ask('POST', '/jobs/waiting-2/retry')).status).toBe(204)
  expect(await stateOf('waiting-2')).toBe('waiting')
  expect((await ask('POST', '/jobs/waiting-2/retry')).body).toMatchObject({ code: 'NOT_THERE' })
  expect((await ask('DELETE', '/jobs/waiting-2')).status).toBe(204)
  expect((await ask('GET', '/jobs/waiting-2')).status).toBe(404)
})

test('acts on all that match, and counts before', async () => {
  const order = { do: 'kill', set: 'retries', q: 'jobtype:Charge' }
  expect((await ask('POST', '/actions', { ...order, dry_run: true })).body).toEqual({ total: 4 })
  const started = await ask('POST', '/actions', { ...order, q: '', jids: ['failing-0'] })
  expect(started).toMatchObject({ status: 202, body: { state: 'done', done: 1, total: 1 } })
  const { id } = started.body as { id: string }
  expect((await ask('GET', `/actions/${id}`)).body).toMatchObject({ do: 'kill', set: 'retries' })
  expect((await ask('GET', '/actions')).body).toMatchObject({ items: [{ id }] })
  expect((await ask('POST', `/actions/${id}/stop`)).status).toBe(204)
  expect((await ask('GET', '/actions/none')).status).toBe(404)
  expect((await ask('POST', '/actions', { do: 'recover', set: 'dead' })).body).toMatchObject({
    code: 'CANNOT',
  })
  expect((await ask('POST', '/actions', { do: 'retry' })).body).toMatchObject({
    code: 'INVALID_BODY',
  })
})

test('remembers jobs that are done', async () => {
  await site.say('PUSH {"jid":"quick-job-1","jobtype":"Quick","args":[],"queue":"quick"}')
  await site.worker.send('FETCH quick')
  await site.worker.send('ACK {"jid":"quick-job-1"}')
  expect((await ask('GET', '/jobs/quick-job-1/why')).body).toMatchObject({ code: 'done' })
  expect((await ask('GET', '/jobs/quick-job-1')).body).toMatchObject({
    detail: expect.stringContaining('succeeded at') as unknown,
  })
  expect((await ask('GET', '/jobs/failing-1')).body).toMatchObject({
    runs: [{ result: 'retry', worker: 'worker-1' }],
  })
  expect((await ask('GET', '/queues/quick')).body).toMatchObject({
    in_per_s: expect.any(Number) as unknown,
    wait_p95_s: expect.any(Number) as unknown,
    workers: 1,
  })
})

test('quiets, stops and recovers workers', async () => {
  expect((await ask('GET', '/workers')).body).toMatchObject({
    items: [{ wid: 'worker-1', busy: 1 }],
  })
  expect((await ask('POST', '/workers/worker-1/quiet')).status).toBe(204)
  expect((await ask('GET', '/workers/worker-1')).body).toMatchObject({ state: 'quiet' })
  const beat = await site.worker.send('BEAT {"wid":"worker-1"}')
  expect(beat.text).toBe('{"state":"quiet"}')
  expect((await ask('POST', '/workers/all/stop')).status).toBe(204)
  expect((await ask('POST', '/workers/nobody/stop')).body).toMatchObject({ code: 'NO_WORKER' })
  expect((await ask('POST', '/workers/worker-1/recover')).body).toEqual({ recovered: 1 })
  expect((await ask('GET', '/jobs/running-1')).body).toMatchObject({
    state: 'retries',
    failure: { errtype: 'WorkerLost' },
  })
  expect((await ask('POST', '/jobs/running-1/recover')).body).toMatchObject({ code: 'NOT_THERE' })
})

test('wants a password, and lets the other one only look', async () => {
  const plain = (password: string, method = 'GET', path = '/api/v1/queues') =>
    fetch(site.url + path, { method, headers: { Authorization: `Bearer ${password}` } })
  expect((await fetch(`${site.url}/api/v1/queues`)).status).toBe(401)
  expect((await plain('wrong')).status).toBe(401)
  expect((await plain('only looking')).status).toBe(200)
  const refused = await plain('only looking', 'POST', '/api/v1/queues/webhooks/pause')
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ code: 'READ_ONLY' })
})

test.each([
  [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
  [{ 'Sec-Fetch-Site': 'same-origin' }, 204],
  [{ Origin: 'https://evil.example' }, 403],
  [{ Origin: 'null' }, 403],
  [{}, 204],
])('judges a request by where a browser says it came from: %o', async (headers, status) => {
  const response = await fetch(`${site.url}/api/v1/queues/webhooks/resume`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`anna:${PASSWORD}`)}`, ...headers },
  })
  expect(response.status).toBe(status)
})

test('describes every route, and every one was tried here', () => {
  const all = Object.entries(PATHS).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'parameters')
      .map((method) => `${method} ${path}`),
  )
  expect([...used].sort()).toEqual(all.sort())
})
