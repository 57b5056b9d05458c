import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { FwpConnection, monotonicMs } from '../support/fwp.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { openDatabase, type Database } from './database.ts'

let database: Database
let servers: RunningServer[] = []
let schema = ''
let count = 0

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  schema = `servers_${process.pid}_${(count += 1)}`
  // Both at once: one makes the tables, the other waits for it.
  servers = await Promise.all([start(), start()])
})
afterEach(async () => {
  for (const server of servers) await server.stop()
})

const start = (args: string[] = []): Promise<RunningServer> =>
  startServer({
    args: ['--database-schema', schema, ...args],
    env: { JOBMILL_DATABASE: database.url },
  })

async function both(wid?: string): Promise<[FwpConnection, FwpConnection]> {
  const [a, b] = servers
  if (a === undefined || b === undefined) throw new Error('two servers run')
  const who = wid === undefined ? {} : { wid }
  return [
    await FwpConnection.open({ port: a.port, ...who }),
    await FwpConnection.open({ port: b.port, ...who }),
  ]
}

const job = (jid: string, more: object = {}): string =>
  JSON.stringify({ jid, jobtype: 'T', args: [], ...more })
const jidIn = (text = ''): string => (JSON.parse(text) as { jid: string }).jid
async function info(server: RunningServer | undefined) {
  const response = await fetch(`http://127.0.0.1:${server?.webPort}/stats`)
  return (await response.json()) as { faktory: Record<string, unknown> }
}

test('a FETCH that waits on one server gets at once what is pushed on the other', async () => {
  const [, producer] = await both()
  const [worker] = await both('worker-1')
  const tookMs: number[] = []
  for (let i = 0; i < 10; i += 1) {
    const fetched = worker.send('FETCH default')
    await new Promise((resolve) => setTimeout(resolve, 20))
    const sentMs = monotonicMs()
    expect(await producer.send(`PUSH ${job(`job-cross-${i}`)}`)).toMatchObject({ text: 'OK' })
    const reply = await fetched
    tookMs.push(reply.atMs - sentMs)
    expect(jidIn(reply.text)).toBe(`job-cross-${i}`)
    expect(await worker.send(`ACK {"jid":"job-cross-${i}"}`)).toMatchObject({ text: 'OK' })
  }
  // Whoever hears nothing looks only each half a second.
  expect(tookMs.sort((a, b) => a - b)[5]).toBeLessThan(200)
})

test('what one server took in, another hands out after its death', async () => {
  const [a, b] = servers
  const [producer, other] = await both()
  const [, worker] = await both('worker-2')
  for (let i = 0; i < 20; i += 1) {
    expect(await producer.send(`PUSH ${job(`job-left-${i}`)}`)).toMatchObject({ text: 'OK' })
  }
  const at = new Date(Date.now() + 1500).toISOString()
  await producer.send(`PUSH ${job('job-timed-1', { at, queue: 'timed' })}`)
  await a?.kill()
  for (let i = 0; i < 20; i += 1) {
    expect(jidIn((await worker.send('FETCH default')).text)).toBe(`job-left-${i}`)
  }
  // Its timed work goes on too.
  const timed = await worker.send('FETCH timed')
  expect(jidIn((timed.kind === 'bulk' ? timed : await worker.send('FETCH timed')).text)).toBe(
    'job-timed-1',
  )
  expect(await other.send('FLUSH')).toMatchObject({ text: 'OK' })
  expect(await info(b)).toMatchObject({ faktory: { total_enqueued: 0 } })
})

test('a pause on one server holds on the other, and its removal too', async () => {
  const [a, b] = await both()
  const [, worker] = await both('worker-3')
  await a.send(`PUSH ${job('job-paused-1')}`)
  await a.send('QUEUE PAUSE default')
  expect(await worker.send('FETCH default')).toMatchObject({ kind: 'nil' })
  const waits = worker.send('FETCH default')
  await new Promise((resolve) => setTimeout(resolve, 20))
  await b.send('QUEUE RESUME default')
  expect(jidIn((await waits).text)).toBe('job-paused-1')
  await a.send(`PUSH ${job('job-gone-1')}`)
  await b.send('QUEUE REMOVE default')
  expect(await worker.send('FETCH default')).toMatchObject({ kind: 'nil' })
})
