import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HOSTILE, openSite, type Site } from './site.ts'

let dir: string
let site: Site
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jobmill-activity-'))
  site = await openSite({ dir })
})
afterEach(async () => {
  await site.stop()
  await rm(dir, { recursive: true })
})

const page = async (path: string): Promise<string> => (await site.get(path)).text()
const json = async (path: string): Promise<unknown> => (await site.get(`/api/v1${path}`)).json()

/** Five jobs are done, three fail: two with one kind of error. */
async function work(): Promise<void> {
  for (let i = 0; i < 8; i += 1) {
    const jid = `worked-${i}`
    await site.say(`PUSH {"jid":"${jid}","jobtype":"Charge","queue":"critical","args":[]}`)
    await site.worker.send('FETCH critical')
    const message = i === 7 ? HOSTILE : `card ${i} was declined`
    if (i < 5) await site.worker.send(`ACK {"jid":"${jid}"}`)
    else await site.worker.send(`FAIL ${JSON.stringify({ jid, errtype: 'Declined', message })}`)
  }
}

const TOTALS = { items: [{ name: 'Charge', pushed: 8, fetched: 8, done: 5, failed: 3 }] }

test('what happened is on the pages, also after a restart', async () => {
  await work()
  await site.send('POST', '/api/v1/marks', { label: 'v2.41' })
  expect(await json('/totals')).toMatchObject(TOTALS)
  const before = (await json('/errors')) as { items: { id: string; message: string }[] }
  expect(before.items.map(({ message }) => message)).toContain('card … was declined')
  expect(await page('/jobs/worked-3')).toMatch(/Succeeded .* in \d+ ms\./)

  await site.stop()
  site = await openSite({ dir })
  await expect.poll(() => json('/totals')).toMatchObject(TOTALS)
  expect(await json('/errors')).toEqual(before)
  expect(await json('/series')).toMatchObject({ marks: [{ label: 'v2.41' }] })
  const overview = await page('/')
  expect(overview).toContain('5 in 1 h')
  expect(overview).toContain('card … was declined')
  expect(await page('/charts')).toContain('>Charge</a>')
  // Outcomes are in memory alone.
  expect((await site.get('/jobs/worked-3')).status).toBe(404)
})

test('a kind of error has a page, with what can be done to its jobs', async () => {
  await work()
  const list = await page('/errors')
  expect(list).toContain('2 kinds, 3 failures in 1 h')
  const { items } = (await json('/errors')) as { items: { id: string; count: number }[] }
  const [group] = items
  const text = await page(`/errors/${group?.id}`)
  for (const part of ['Retry 2…', 'Kill 2…', 'Delete 2…', 'card 6 was declined', 'worked-5']) {
    expect(text).toContain(part)
  }
  const link = /href="([^"]*\/actions\/new\?set=retries&amp;do=kill[^"]*)"/.exec(text)?.[1] ?? ''
  expect(await page(link.replaceAll('&amp;', '&'))).toContain('Kill 2 jobs?')
  expect((await site.get('/errors/never-was')).status).toBe(404)
  // What a hostile client sends stays text.
  expect(list + text).not.toContain('<b onmouseover')
})

test('the queue table tells rates, and the queue whether anybody fetches', async () => {
  await work()
  await site.say('PUSH {"jid":"lonely-job","jobtype":"T","queue":"lonely","args":[]}')
  const queues = await page('/queues')
  expect(queues).toMatch(/data-name="Out">0\/s/)
  expect(queues).toMatch(/data-name="In">[1-9\d][\d.]*\/s|data-name="In">0\.\d+\/s/)
  expect(await page('/queues/critical')).toContain('last fetch')
  expect(await json('/queues/critical')).toMatchObject({ workers: 1, waiting: 0 })
  site.worker.end()
  await site.worker.closed
  await expect.poll(() => page('/queues/lonely')).toContain('No worker fetches from this queue.')
  expect(await json('/jobs/lonely-job/why')).toMatchObject({ code: 'no_worker' })
})

test('FLUSH forgets what happened with the rest', async () => {
  await work()
  await site.say('FLUSH')
  expect(await json('/totals')).toMatchObject({ items: [] })
  expect(await json('/errors')).toMatchObject({ items: [] })
  await site.stop()
  site = await openSite({ dir })
  expect(await json('/errors')).toMatchObject({ items: [] })
  expect(await page('/charts')).toContain('No job ran in this time.')
})

test('the table is there for spreadsheets, and runs nothing in them', async () => {
  const job = { jid: 'formula-1', jobtype: '=cmd|"/c calc"!A1', args: [], queue: 'critical' }
  await site.say(`PUSH ${JSON.stringify(job)}`)
  const response = await site.get('/charts.csv?range=6h')
  expect(response.headers.get('Content-Type')).toContain('text/csv')
  const [head, row] = (await response.text()).split('\r\n')
  expect(head).toMatch(/^jobtype,pushed,fetched,done,failed,run_ms_total,/)
  expect(row).toBe(`"'=cmd|""/c calc""!A1",1,0,0,0,0,,,,,,`)
})

test('Prometheus finds counters, gauges and histograms', async () => {
  await work()
  const response = await site.get('/metrics')
  expect(response.headers.get('Content-Type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n')
  for (const line of [
    'jobmill_jobs_pushed_total{queue="critical",jobtype="Charge"} 8',
    'jobmill_jobs_finished_total{queue="critical",jobtype="Charge",outcome="success"} 5',
    'jobmill_jobs_finished_total{queue="critical",jobtype="Charge",outcome="failed"} 3',
    'jobmill_job_run_seconds_count{queue="critical",jobtype="Charge"} 8',
    'jobmill_job_wait_seconds_bucket{queue="critical",le="+Inf"} 8',
    '# TYPE jobmill_job_wait_seconds histogram',
    'jobmill_queue_jobs{queue="critical"} 0',
    'jobmill_jobs{state="retrying"} 3',
    'jobmill_workers{state="running"} 1',
  ]) {
    expect(lines).toContain(line)
  }
})

test('a job that falls due enters its queue', async () => {
  const at = new Date(Date.now() + 300).toISOString()
  await site.say(`PUSH {"jid":"later-job","jobtype":"T","queue":"later","args":[],"at":"${at}"}`)
  await expect
    .poll(() => json('/queues/later'))
    .toMatchObject({ waiting: 1, in_per_s: expect.any(Number) as number })
  const { in_per_s } = (await json('/queues/later')) as { in_per_s: number }
  expect(in_per_s).toBeGreaterThan(0)
})
