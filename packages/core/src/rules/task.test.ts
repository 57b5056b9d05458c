import { formatTime } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bench, jidOf, wireJob } from '../../../../test/support/rules.ts'
import { retryDelayS } from '../retry.ts'
import { State } from '../types.ts'
import { push } from './push.ts'
import { enqueueDue, lapse, purgeDead, shiftReservations } from './task.ts'

const DEAD_MS = 180 * 86_400_000

const jidAt = (i: number): string => `job-${10_000 + i}`

/** One reserved job for each length, in seconds. */
function reserved(lengthsS: readonly number[], retry?: number): Bench {
  const bench = new Bench()
  for (const [i, reserveFor] of lengthsS.entries()) {
    bench.run(push, wireJob({ jid: jidAt(i), reserveFor, retry }))
    bench.fetch(['default'], 'w')
  }
  return bench
}

const lengths = fc.array(fc.integer({ min: 60, max: 300 }), { minLength: 1, maxLength: 30 })
const limit = fc.integer({ min: 1, max: 10 })

test('what is due goes to its queue in the order of its times, slice by slice', () => {
  fc.assert(
    fc.property(lengths, limit, fc.integer({ min: 0, max: 300_000 }), (delays, slice, passed) => {
      const bench = new Bench()
      for (const [i, delay] of delays.entries()) {
        bench.run(push, wireJob({ jid: jidAt(i), at: formatTime(bench.ms + delay * 1000) }))
      }
      const times = delays.map((delay, i) => ({ at: bench.ms + delay * 1000, jid: jidAt(i) }))
      bench.ms += passed
      for (;;) {
        const { count, nextAtMs } = bench.run(enqueueDue, { set: State.Scheduled, limit: slice })
        expect(nextAtMs).toBe(bench.memory.nextAt(State.Scheduled))
        if (count < slice) break
      }
      const due = times.filter(({ at }) => at <= bench.ms).sort((a, b) => a.at - b.at)
      const jids: string[] = []
      for (;;) {
        const reply = bench.fetch(['default'])
        const jid = jidOf(reply)
        if (jid === undefined) break
        expect(reply).toMatchObject({ enqueuedAtMs: bench.ms })
        jids.push(jid)
      }
      expect(jids).toEqual(due.map(({ jid }) => jid))
      expect(bench.memory.setSize(State.Scheduled)).toBe(times.length - due.length)
    }),
  )
})

test('a reservation that ends is a failure, with the delay of a first retry', () => {
  const bench = reserved([60])
  bench.ms += 60_000 - 1
  expect(bench.run(lapse, { limit: 10 })).toEqual({
    count: 0,
    nextAtMs: bench.ms + 1,
    ended: [],
  })
  bench.ms += 1
  bench.random = 0.5
  expect(bench.run(lapse, { limit: 10 })).toEqual({
    count: 1,
    nextAtMs: undefined,
    ended: [expect.objectContaining({ jid: jidAt(0), went: 'retry', endedAtMs: bench.ms })],
  })
  const row = bench.row(jidAt(0))
  expect(row).toMatchObject({ state: State.Retry, wid: '' })
  expect(row.at).toBe(bench.ms + retryDelayS(0, 0.5) * 1000)
  expect(row.extra?.failure).toMatchObject({
    errtype: 'ReservationExpired',
    retryCount: 0,
    remaining: 25,
  })
  expect(row.extra?.failure?.backtrace).toBeUndefined()
  expect(bench.memory.total('failures')).toBe(1)
  expect(bench.memory.held('w')).toBe(0)
})

test.each([
  [0, undefined],
  [-1, State.Dead],
])('a lapse of a job with retry %i follows its own rule', (retry, state) => {
  const bench = reserved([60], retry)
  bench.ms += 60_000
  bench.run(lapse, { limit: 10 })
  expect([...bench.disk.rows.values()][0]?.state).toBe(state)
})

test('all that have lapsed are taken, no other, and the next one is named', () => {
  fc.assert(
    fc.property(lengths, limit, fc.integer({ min: 0, max: 300_000 }), (lengthsS, slice, passed) => {
      const bench = reserved(lengthsS)
      const ends = lengthsS.map((length) => bench.ms + length * 1000)
      bench.ms += passed
      const due = ends.filter((end) => end <= bench.ms).length
      let taken = 0
      for (;;) {
        const { count, nextAtMs } = bench.run(lapse, { limit: slice })
        taken += count
        expect(nextAtMs).toBe(bench.memory.nextAt(State.Reserved))
        if (count < slice) break
      }
      expect(taken).toBe(due)
      expect(bench.memory.setSize(State.Reserved)).toBe(ends.length - due)
    }),
  )
})

test('jobs that lapse together do not come back together', () => {
  const bench = reserved(new Array<number>(10).fill(60))
  bench.ms += 60_000
  bench.run(lapse, { limit: 10 })
  const ats = new Set([...bench.disk.rows.values()].map((row) => row.at))
  expect(ats.size).toBeGreaterThan(5)
})

test('the dead go after 180 days, the longest dead first', () => {
  const bench = new Bench()
  for (const [i, retry] of [-1, -1, -1].entries()) {
    bench.run(push, wireJob({ jid: jidAt(i), retry, reserveFor: 60 }))
    bench.fetch(['default'])
    bench.ms += 60_000
    bench.run(lapse, { limit: 1 })
  }
  const first = bench.row(jidAt(0)).at
  bench.ms = first + DEAD_MS - 1
  const { count, nextAtMs } = bench.run(purgeDead, { limit: 10 })
  expect(count).toBe(0)
  // Looked at again when it is really over, not a moment before.
  bench.ms = nextAtMs ?? 0
  expect(bench.run(purgeDead, { limit: 10 }).count).toBe(1)
  expect([...bench.disk.rows.values()].map((row) => row.jid)).toEqual([jidAt(1), jidAt(2)])
})

test('a step of the clock moves the end of each named reservation, and nothing else of it', () => {
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: -4e6, max: 4e6 }),
      fc.nat(40),
      (lengthsS, byMs, from) => {
        const bench = reserved(lengthsS)
        const before = new Map([...bench.disk.rows].map(([seq, row]) => [seq, { ...row }]))
        const keys = [...before.values()].map(({ seq, at }) => ({ seq, at })).slice(from)
        expect(bench.run(shiftReservations, { keys, byMs })).toBe(keys.length)
        const shifted = new Set(keys.map(({ seq }) => seq))
        for (const [seq, row] of before) {
          const at = row.at + (shifted.has(seq) ? byMs : 0)
          expect(bench.disk.rows.get(seq)).toEqual({ ...row, at })
        }
        expect(bench.memory.held('w')).toBe(lengthsS.length)
      },
    ),
  )
})
