import { beat, hello, type HelloInput } from '@jobmill/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keptLog } from '../../../../test/support/listener.ts'
import { ask, openEmbeddedBench, type Bench } from '../../../../test/store/harness.ts'
import { SystemClock } from '../clock.ts'
import { ClockFollower } from './clock-step.ts'
import { Reaper, type Heard } from './reaper.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const EVERY_MS = 5_000

/** Who is connected, and when they were last heard of. */
class Sessions implements Heard {
  readonly #byWid = new Map<string, { atMs: number; drop: () => void }>()

  join(wid: string, drop: () => void): void {
    this.#byWid.set(wid, { atMs: bench.clock.now(), drop })
  }

  heard(wid: string): void {
    const session = this.#byWid.get(wid)
    if (session !== undefined) session.atMs = bench.clock.now()
  }

  heardAtMs(wid: string): number {
    return this.#byWid.get(wid)?.atMs ?? 0
  }

  drop(wid: string): void {
    this.#byWid.get(wid)?.drop()
  }

  shift(byMs: number): void {
    for (const session of this.#byWid.values()) session.atMs += byMs
  }
}

let bench: Bench
let sessions: Sessions
let reaper: Reaper
let kept: ReturnType<typeof keptLog>
beforeEach(async () => {
  bench = await openEmbeddedBench()
  sessions = new Sessions()
  kept = keptLog()
  reaper = new Reaper(bench.store, sessions, bench.clock, kept.log)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  reaper.start()
})
afterEach(async () => {
  reaper.stop()
  vi.useRealTimers()
  await bench.close()
})

/** Time goes on, and the reaper looks when it is time. */
async function pass(ms: number): Promise<void> {
  bench.clock.ms += ms
  vi.advanceTimersByTime(EVERY_MS)
  await new Promise((resolve) => setImmediate(resolve))
}

/** A worker with one connection. */
async function join(wid: string): Promise<{ dropped: boolean; hello: HelloInput }> {
  const worker = {
    dropped: false,
    hello: { wid, hostname: 'h', pid: 1, labels: [], rssKb: 0, address: '' },
  }
  sessions.join(wid, () => (worker.dropped = true))
  await ask(bench.store, hello, worker.hello)
  return worker
}

const workers = async (): Promise<string[]> =>
  (await bench.store.records('worker')).map(([wid]) => wid)

test('a worker silent for over a minute is forgotten and disconnected, others are not', async () => {
  const [silent, talking] = [await join('silent'), await join('talking')]
  await pass(MINUTE_MS)
  expect(silent.dropped).toBe(false)
  sessions.heard('talking')
  await pass(1)
  expect([silent.dropped, talking.dropped]).toEqual([true, false])
  expect(await workers()).toEqual(['talking'])
  expect(reaper.reaped).toBe(1)
  expect(kept.lines.map(({ wid }) => wid)).toEqual(['silent'])
})

test('a BEAT, from whomever, is a sign of life', async () => {
  const worker = await join('w')
  await pass(MINUTE_MS)
  const { hello: own } = worker
  await ask(bench.store, beat, { wid: 'w', currentState: '', rssKb: 0, own, connections: 1 })
  await pass(MINUTE_MS)
  expect(worker.dropped).toBe(false)
  await pass(1)
  expect(worker.dropped).toBe(true)
})

test('it looks every five seconds until it is stopped', async () => {
  const worker = await join('w')
  bench.clock.ms += HOUR_MS
  vi.advanceTimersByTime(EVERY_MS - 1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(worker.dropped).toBe(false)
  reaper.stop()
  await pass(HOUR_MS)
  expect(worker.dropped).toBe(false)
  reaper.start()
  reaper.start()
  expect(vi.getTimerCount()).toBe(1)
  await pass(0)
  expect(worker.dropped).toBe(true)
  expect(reaper.reaped).toBe(1)
})

test.each([HOUR_MS, -HOUR_MS])(
  'a clock that was set by %i ms makes nobody silent, also when the reaper sees it first',
  async (byMs) => {
    let steadyMs = 0
    const clock = new SystemClock(
      () => bench.clock.ms,
      () => steadyMs,
    )
    bench.clock.now = () => clock.now()
    const follower = new ClockFollower(bench.store, kept.log)
    clock.stepped = (stepMs) => {
      sessions.shift(stepMs)
      void follower.follow(stepMs)
    }
    const worker = await join('fetches-only')
    bench.clock.ms += 2 * MINUTE_MS
    steadyMs += 2 * MINUTE_MS
    sessions.heard('fetches-only')
    await pass(byMs)
    expect(worker.dropped).toBe(false)
    // Silence goes on as before.
    bench.clock.ms += MINUTE_MS + 1
    steadyMs += MINUTE_MS + 1
    await pass(0)
    expect(worker.dropped).toBe(true)
  },
)
