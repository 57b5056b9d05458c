import { fetch, push, pauseQueues } from '@jobmill/core'
import { formatTime } from '@jobmill/protocol'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ask, openEmbeddedBench, wire, type Bench } from '../../../../test/store/harness.ts'
import { Activity } from '../activity/activity.ts'
import { Scheduler } from './scheduler.ts'

// On a machine that others keep busy.
vi.setConfig({ testTimeout: 30_000 })

const HOUR_MS = 3_600_000
/** No longer does it sleep, for the clock may be set. */
const SLEEP_MAX_MS = 5_000

let bench: Bench
let scheduler: Scheduler
beforeEach(async () => {
  bench = await openEmbeddedBench()
  scheduler = new Scheduler(
    bench.store,
    bench.clock,
    pino({ level: 'silent' }),
    new Activity(bench.clock.now()),
  )
  bench.store.onTimed((atMs) => scheduler.wakeAt(atMs))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  scheduler.start()
  await pass(0)
})
afterEach(async () => {
  scheduler.stop()
  vi.useRealTimers()
  await bench.close()
})

/** What is under way comes to its end. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i += 1) await ask(bench.store, pauseQueues, { names: ['other'] })
}

/** Both clocks go on, by steps as long as the longest sleep. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; ; left -= SLEEP_MAX_MS) {
    const step = Math.min(left, SLEEP_MAX_MS)
    bench.clock.ms += step
    vi.advanceTimersByTime(step)
    await settled()
    if (left <= SLEEP_MAX_MS) return
  }
}

let count = 0
const pushIn = (ms: number) =>
  ask(
    bench.store,
    push,
    wire({ jid: `job-${10_000 + (count += 1)}`, at: formatTime(bench.clock.ms + ms) }),
  )

const scheduled = async (): Promise<number> => (await bench.store.stats()).scheduled

test('a job falls due at its moment, and nobody looks before', async () => {
  await pushIn(60_000)
  await pass(0)
  const { cycles } = scheduler.counts.Scheduled
  await pass(59_999)
  expect(await scheduled()).toBe(1)
  expect(scheduler.counts.Scheduled.cycles).toBe(cycles)
  await pass(5)
  expect(await scheduled()).toBe(0)
  expect(scheduler.counts.Scheduled).toMatchObject({ cycles: cycles + 1, handled: 1 })
})

test('an earlier job wakes it earlier', async () => {
  await pushIn(4_000)
  await pushIn(1_000)
  await pass(999)
  expect(await scheduled()).toBe(2)
  await pass(6)
  expect(await scheduled()).toBe(1)
  await pass(2_995)
  expect(await scheduled()).toBe(0)
})

test('being woken again and again does not put it off', async () => {
  await pushIn(3)
  for (let i = 0; i < 5; i += 1) {
    scheduler.wakeAt(bench.clock.ms + 3)
    bench.clock.ms += 1
    vi.advanceTimersByTime(1)
  }
  await settled()
  expect(await scheduled()).toBe(0)
})

test('what is due goes in slices of 500, one look, and others get their turn between', async () => {
  const pushes = Array.from({ length: 1_200 }, () => pushIn(1_000))
  await Promise.all(pushes)
  await pass(0)
  const { cycles } = scheduler.counts.Scheduled
  const seen: number[] = []
  bench.clock.ms += 1_000
  vi.advanceTimersByTime(1_000)
  while (seen.at(-1) !== 0) seen.push(await scheduled().then(delayed))
  expect([...new Set(seen)]).toEqual(expect.arrayContaining([700, 200, 0]))
  await settled()
  expect(scheduler.counts.Scheduled).toMatchObject({ cycles: cycles + 1, handled: 1_200 })
})

/** A turn later. */
const delayed = (value: number): Promise<number> =>
  new Promise((resolve) => setImmediate(() => resolve(value)))

test('a clock that is set back lets a job wait for its wall time, without looking busily', async () => {
  await pushIn(60_000)
  bench.clock.ms -= HOUR_MS
  await pass(60_000)
  const { cycles } = scheduler.counts.Scheduled
  await pass(600_000)
  expect(await scheduled()).toBe(1)
  expect(scheduler.counts.Scheduled.cycles).toBe(cycles)
  await pass(HOUR_MS - 600_000)
  expect(await scheduled()).toBe(0)
})

test('a clock that is set back does not put off what comes after', async () => {
  await pushIn(60_000)
  bench.clock.ms -= HOUR_MS
  await pushIn(1_000)
  await pass(1_005)
  expect(await scheduled()).toBe(1)
})

test('a clock that is set forward makes due what it passed, within the longest sleep', async () => {
  await pushIn(HOUR_MS / 2)
  bench.clock.ms += HOUR_MS
  await pass(SLEEP_MAX_MS)
  expect(await scheduled()).toBe(0)
})

test('a lapsed reservation is found at its end', async () => {
  await ask(bench.store, push, wire({ jid: 'job-held-1', reserveFor: 60 }))
  await ask(bench.store, fetch, { queues: ['default'], wid: '' })
  await pass(59_999)
  expect(await bench.store.stats()).toMatchObject({ working: 1, retries: 0 })
  await pass(6)
  expect(await bench.store.stats()).toMatchObject({ working: 0, retries: 1, failures: 1 })
  expect(scheduler.counts.Busy.handled).toBe(1)
})

test('while times are being set right nothing is moved; after that all that is due', async () => {
  let right: () => void = () => undefined
  scheduler.hold(
    new Promise((resolve) => {
      right = resolve
    }),
  )
  await pushIn(10)
  await pass(1_000)
  expect(await scheduled()).toBe(1)
  right()
  await settled()
  expect(await scheduled()).toBe(0)
})

test('when times have been set right it looks at once, not after its sleep', async () => {
  await pushIn(HOUR_MS)
  await pass(1_000)
  bench.clock.ms += HOUR_MS
  scheduler.hold(Promise.resolve())
  await settled()
  await pass(5)
  expect(await scheduled()).toBe(0)
})

test('a store that takes nothing is asked once a second, and then all is done', async () => {
  await pushIn(10)
  const health = vi.spyOn(bench.store, 'health')
  health.mockReturnValue({ state: 'unwritable', reason: 'test' })
  for (let i = 0; i < 10; i += 1) await pass(1_000)
  expect(health.mock.calls.length).toBeLessThanOrEqual(11)
  expect(await scheduled()).toBe(1)
  health.mockRestore()
  await pass(1_000)
  expect(await scheduled()).toBe(0)
})

test('after a stop nothing begins', async () => {
  await pushIn(10)
  scheduler.stop()
  scheduler.stop()
  scheduler.wakeAt(bench.clock.ms)
  await pass(SLEEP_MAX_MS)
  expect(await scheduled()).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})
