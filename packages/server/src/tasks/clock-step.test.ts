import { fetch, push } from '@jobmill/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keptLog } from '../../../../test/support/listener.ts'
import {
  ask,
  openEmbeddedBench,
  runTasks,
  wire,
  type Bench,
} from '../../../../test/store/harness.ts'
import { StoreError } from '../store/store.ts'
import { ClockFollower } from './clock-step.ts'

// On a machine that others keep busy.
vi.setConfig({ testTimeout: 30_000 })

const HOUR_MS = 3_600_000
const RESERVED_MS = 1_800_000

let bench: Bench
let kept: ReturnType<typeof keptLog>
let follower: ClockFollower
beforeEach(async () => {
  bench = await openEmbeddedBench()
  kept = keptLog()
  follower = new ClockFollower(bench.store, kept.log)
})
afterEach(() => bench.close())

test('while the store takes no writes the step waits, and is then followed once', async () => {
  await reserve(3)
  const { store } = bench
  let away = 2
  const run: typeof store.run = (rule, input, done) => {
    if (rule.name === 'shiftReservations' && (away -= 1) >= 0) {
      done(undefined as never, new StoreError('unwritable', 'disk full'))
    } else store.run(rule, input, done)
  }
  const flaky = Object.assign(Object.create(store) as typeof store, {
    run,
    select: store.select.bind(store),
  })
  bench.clock.ms += HOUR_MS
  await new ClockFollower(flaky, kept.log).follow(HOUR_MS)
  expect(away).toBe(-1)
  expect(await working()).toBe(3)
  bench.clock.ms += RESERVED_MS
  expect(await working()).toBe(0)
})

let count = 0

/** Reserves so many jobs, now. */
async function reserve(jobs: number): Promise<void> {
  const work = Array.from({ length: jobs }, async () => {
    await ask(bench.store, push, wire({ jid: `job-${10_000 + (count += 1)}` }))
    await ask(bench.store, fetch, { queues: ['default'], wid: '' })
  })
  await Promise.all(work)
}

/** How many are still reserved after a look at what has lapsed. */
async function working(): Promise<number> {
  await runTasks(bench.store)
  return (await bench.store.stats()).working
}

test.each([HOUR_MS, -HOUR_MS])(
  'a step of %i ms takes the ends of all reservations along',
  async (byMs) => {
    await reserve(1_100)
    bench.clock.ms += 60_000 + byMs
    await follower.follow(byMs)
    expect(await working()).toBe(1_100)
    bench.clock.ms += RESERVED_MS - 60_000 - 1
    expect(await working()).toBe(1_100)
    bench.clock.ms += 1
    expect(await working()).toBe(0)
    expect(kept.lines.map(({ msg, byMs: told }) => [msg.slice(0, 17), told])).toEqual([
      ['the clock was set', byMs],
    ])
  },
)

test('what is reserved after the step has its right end already', async () => {
  await reserve(1)
  bench.clock.ms += HOUR_MS
  const followed = follower.follow(HOUR_MS)
  await reserve(1)
  await followed
  bench.clock.ms += RESERVED_MS
  expect(await working()).toBe(0)
})

test('two steps, one right after the other, both count', async () => {
  await reserve(600)
  bench.clock.ms += HOUR_MS
  const first = follower.follow(HOUR_MS)
  bench.clock.ms -= 2 * HOUR_MS
  await Promise.all([first, follower.follow(-2 * HOUR_MS)])
  bench.clock.ms += RESERVED_MS - 1
  expect(await working()).toBe(600)
  bench.clock.ms += 1
  expect(await working()).toBe(0)
})

test('a store that cannot follow is told in the log, and nothing is thrown', async () => {
  await reserve(1)
  await bench.store.close()
  await follower.follow(HOUR_MS)
  expect(kept.lines.at(-1)?.msg).toBe('reservations could not follow the clock')
})
