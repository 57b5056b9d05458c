import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SystemClock } from '../../packages/server/src/clock.ts'
import { readConfiguration } from '../../packages/server/src/config/settings.ts'
import { startServer, type RunningServer } from '../../packages/server/src/server.ts'
import { FwpConnection } from '../support/fwp.ts'
import { keptLog } from '../support/listener.ts'

const HOUR_MS = 3_600_000

/** A whole server in this process, whose wall clock the test sets; the other one just runs. */
let dir: string
let server: RunningServer
let kept: ReturnType<typeof keptLog>
let setByMs: number
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'jobmill-clock-'))
  kept = keptLog()
  setByMs = 0
  const flags = { binding: '127.0.0.1:0', webBinding: ':0', data: dir }
  const clock = new SystemClock(() => Date.now() + setByMs)
  server = await startServer(readConfiguration(flags, {}, dir).settings, kept.log, clock)
})
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.end()
  await server.stop()
  rmSync(dir, { recursive: true })
})

const connections: FwpConnection[] = []

async function open(wid?: string): Promise<FwpConnection> {
  const port = Number(server.addresses[0]?.split(':').at(-1))
  const connection = await FwpConnection.open({ port, ...(wid === undefined ? {} : { wid }) })
  connections.push(connection)
  return connection
}

interface Info {
  readonly now: string
  readonly faktory: {
    readonly queues: Record<string, number>
    readonly sets: Record<'scheduled' | 'retries' | 'dead' | 'working', number>
    readonly tasks: { readonly Workers: { readonly size: number } }
    readonly total_failures: number
  }
}

async function info(connection: FwpConnection): Promise<Info> {
  return JSON.parse((await connection.send('INFO')).text ?? '') as Info
}

const pushOf = (job: object): string => `PUSH ${JSON.stringify({ jobtype: 'T', args: [], ...job })}`
const at = (inMs: number): string => new Date(Date.now() + setByMs + inMs).toISOString()

/** A job of a minute that is under way, a worker that only fetches, one scheduled job, one retry. */
async function working(): Promise<{ worker: FwpConnection; producer: FwpConnection }> {
  const [worker, producer] = await Promise.all([open('w1'), open()])
  for (const job of [
    { jid: 'job-running-1', reserve_for: 60 },
    { jid: 'job-failing-1', queue: 'failing' },
    { jid: 'job-later-1', queue: 'later', at: at(HOUR_MS / 2) },
  ]) {
    expect((await producer.send(pushOf(job))).text).toBe('OK')
  }
  expect((await worker.send('FETCH failing')).kind).toBe('bulk')
  expect((await worker.send('FAIL {"jid":"job-failing-1"}')).text).toBe('OK')
  expect((await worker.send('FETCH default')).text).toContain('job-running-1')
  return { worker, producer }
}

const steps = () => kept.lines.filter(({ msg }) => msg.startsWith('the clock was set'))

test('an hour forward: what runs runs on, what is planned falls due, one line tells', async () => {
  const { worker, producer } = await working()
  setByMs = HOUR_MS
  // Scheduled jobs and retries follow the wall, as soon as anybody has seen it.
  const planned = async () => (await info(producer)).faktory.queues
  await expect.poll(planned).toEqual({ default: 0, failing: 1, later: 1 })

  const { now, faktory } = await info(producer)
  expect(Math.abs(Date.parse(now) - Date.now() - HOUR_MS)).toBeLessThan(60_000)
  expect(faktory.sets).toMatchObject({ working: 1, scheduled: 0, retries: 0 })
  expect(faktory.total_failures).toBe(1)
  expect(faktory.tasks.Workers.size).toBe(1)
  expect((await worker.send('ACK {"jid":"job-running-1"}')).text).toBe('OK')
  expect((await info(producer)).faktory.sets.working).toBe(0)
  expect((await worker.send('FETCH later')).text).toContain('job-later-1')
  expect(steps()).toHaveLength(1)
  expect(Math.abs(Number(steps()[0]?.['byMs']) - HOUR_MS)).toBeLessThan(1_000)
})

test('an hour back: what runs runs on, what is planned waits for its wall time', async () => {
  const { worker, producer } = await working()
  expect((await producer.send(pushOf({ jid: 'job-soon-1', at: at(2_000) }))).text).toBe('OK')
  setByMs = -HOUR_MS
  expect((await producer.send(pushOf({ jid: 'job-next-1', at: at(300) }))).text).toBe('OK')
  // The next one comes by the new time, the one before it not.
  const next = await worker.send('FETCH default')
  expect(next.text).toContain('job-next-1')
  const { faktory } = await info(producer)
  expect(faktory.sets).toMatchObject({ working: 2, scheduled: 2, retries: 1 })
  expect(faktory.tasks.Workers.size).toBe(1)
  expect((await worker.send('BEAT {"wid":"w1"}')).text).toBe('OK')
  expect(steps()).toHaveLength(1)

  // And forward again: the reservations come back to where they were.
  setByMs = 0
  expect((await info(producer)).faktory.sets.working).toBe(2)
  expect((await worker.send('ACK {"jid":"job-running-1"}')).text).toBe('OK')
  expect((await info(producer)).faktory).toMatchObject({ sets: { working: 1 }, total_failures: 1 })
  expect(steps()).toHaveLength(2)
})

test('a correction of a few seconds is nobody’s business', async () => {
  const { producer } = await working()
  setByMs = 9_000
  await info(producer)
  setByMs = 0
  await info(producer)
  expect(steps()).toEqual([])
})
