import { isRefusal } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bench, wireJob } from '../../../../test/support/rules.ts'
import { WorkerState } from '../types.ts'
import { push } from './push.ts'
import { advance, beat, bye, hello, reap, shiftWorkers } from './worker.ts'

const HELLO = {
  wid: 'w1',
  hostname: 'h',
  pid: 7,
  labels: ['a'],
  rssKb: 5,
  address: '192.0.2.7:4711',
}
const GRACE_MS = 60_000
const ORDER = [WorkerState.Running, WorkerState.Quiet, WorkerState.Terminate]

const beatOf = (bench: Bench, currentState = '', own: typeof HELLO | undefined = undefined) =>
  bench.run(beat, { wid: 'w1', currentState, rssKb: 9, own, connections: 1 })

const worker = (bench: Bench) => bench.memory.record('worker', 'w1')

const reaped = (bench: Bench, heardAtMs = 0): boolean => bench.run(reap, { wid: 'w1', heardAtMs })

/** A worker that said HELLO, and BEAT unless told otherwise. */
function working(beats = true): Bench {
  const bench = new Bench()
  bench.run(hello, HELLO)
  if (beats) beatOf(bench)
  return bench
}

test('a state goes from running to quiet to terminate, never back, whatever is said', () => {
  const said = fc.oneof(fc.constantFrom<string>(...ORDER, 'Quiet', ''), fc.string())
  fc.assert(
    fc.property(fc.constantFrom(...ORDER), fc.array(said, { maxLength: 8 }), (from, words) => {
      let state = from
      for (const word of words) {
        const next = advance(state, word)
        const asked = ORDER.findIndex((each) => each === word)
        expect(ORDER.indexOf(next)).toBe(Math.max(ORDER.indexOf(state), asked))
        state = next
      }
    }),
  )
})

test('a quiet worker gets no more jobs, on none of its connections', () => {
  const bench = working()
  bench.run(push, wireJob())
  expect(beatOf(bench, 'quiet')).toBe('quiet')
  expect(beatOf(bench)).toBe('quiet')
  bench.run(hello, HELLO)
  expect(bench.fetch(['default'], 'w1')).toBe('quiet')
  expect(beatOf(bench, 'terminate')).toBe('terminate')
  expect(beatOf(bench, 'quiet')).toBe('terminate')
  expect(bench.fetch(['default'], 'w1')).toBe('quiet')
  expect(typeof bench.fetch(['default'], 'w2')).toBe('object')
})

test('the newest HELLO tells who a worker is, the first one since when', () => {
  const bench = working()
  const startedAtMs = bench.ms
  bench.ms += 10_000
  bench.run(hello, { ...HELLO, hostname: 'other', pid: 8, labels: ['b'] })
  expect(worker(bench)).toMatchObject({
    hostname: 'other',
    pid: 8,
    labels: ['b'],
    startedAtMs,
    connections: 2,
    rssKb: 9,
  })
})

test('a worker is there as long as any of its connections', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (comings) => {
      const bench = new Bench()
      let connections = 0
      for (const comes of comings) {
        if (comes) bench.run(hello, HELLO)
        else bench.run(bye, { wid: 'w1' })
        connections = Math.max(0, connections + (comes ? 1 : -1))
        expect(worker(bench)?.connections ?? 0).toBe(connections)
        expect(worker(bench) === undefined).toBe(connections === 0)
      }
    }),
  )
})

test('quiet is remembered for a minute, for the same process alone', () => {
  const bench = working()
  beatOf(bench, 'quiet')
  bench.run(bye, { wid: 'w1' })
  bench.ms += GRACE_MS
  expect(reaped(bench)).toBe(false)
  bench.run(hello, HELLO)
  expect(worker(bench)).toMatchObject({ state: 'quiet', connections: 1, goneAtMs: 0 })

  bench.run(bye, { wid: 'w1' })
  bench.run(hello, { ...HELLO, pid: 8 })
  expect(worker(bench)?.state).toBe('running')

  beatOf(bench, 'quiet')
  bench.run(bye, { wid: 'w1' })
  bench.ms += GRACE_MS + 1
  // Nobody has to be disconnected.
  expect(reaped(bench)).toBe(false)
  expect(worker(bench)).toBeUndefined()
})

test('a minute of silence is not too long, a moment more is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3 * GRACE_MS }),
      fc.nat(2 * GRACE_MS),
      (passed, heard) => {
        const bench = working()
        const heardAtMs = bench.ms + heard
        bench.ms += passed
        const silent = passed - heard > GRACE_MS
        expect(reaped(bench, heardAtMs)).toBe(silent)
        expect(worker(bench) === undefined).toBe(silent)
      },
    ),
  )
})

test('a worker that never beats is left alone while it holds a job', () => {
  const bench = working(false)
  bench.run(push, wireJob())
  bench.fetch(['default'], 'w1')
  bench.ms += 10 * GRACE_MS
  expect(reaped(bench)).toBe(false)
  beatOf(bench)
  bench.ms += GRACE_MS + 1
  expect(reaped(bench)).toBe(true)
})

test('a BEAT of an unknown worker is refused, unless its connection had named it', () => {
  const bench = new Bench()
  const refusal = beatOf(bench)
  expect(isRefusal(refusal) && refusal.text).toBe('Unknown worker w1')
  expect(worker(bench)).toBeUndefined()
  expect(beatOf(bench, 'quiet', HELLO)).toBe('quiet')
  expect(worker(bench)).toMatchObject({ hostname: 'h', pid: 7, connections: 1, beats: true })
})

test('a BEAT for a worker that has gone, quiet still remembered, is refused', () => {
  const bench = working()
  beatOf(bench, 'quiet')
  bench.run(bye, { wid: 'w1' })
  expect(isRefusal(beatOf(bench))).toBe(true)
  expect(worker(bench)?.connections).toBe(0)
})

test('a step of the clock makes nobody silent, and nobody heard', () => {
  fc.assert(
    fc.property(fc.integer({ min: -4e6, max: 4e6 }), fc.nat(2 * GRACE_MS), (byMs, silentMs) => {
      const bench = working()
      bench.ms += silentMs + byMs
      bench.run(shiftWorkers, { byMs })
      expect(reaped(bench, 0)).toBe(silentMs > GRACE_MS)
    }),
  )
})

test('a step of the clock leaves an open worker open, and a gone one its minute', () => {
  const bench = working()
  bench.run(shiftWorkers, { byMs: 5000 })
  expect(worker(bench)?.goneAtMs).toBe(0)
  beatOf(bench, 'quiet')
  bench.run(bye, { wid: 'w1' })
  bench.ms += 3_600_000
  bench.run(shiftWorkers, { byMs: 3_600_000 })
  reaped(bench)
  expect(worker(bench)?.state).toBe('quiet')
})
