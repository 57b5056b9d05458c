import { isRefusal } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bench, wireJob } from '../../../../test/support/rules.ts'
import { State } from '../types.ts'
import { push } from './push.ts'
import { reservationMs } from '../run.ts'
import { ack, fail, fetch } from './work.ts'

const REPORT = { errtype: 'E', message: 'boom', backtrace: [] }
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const fetchFor = (bench: Bench, wid: string, queues = ['default']) =>
  bench.run(fetch, { queues, wid })

test('a reservation lasts as asked for, between a minute and a day; half an hour unasked', () => {
  expect(reservationMs(undefined)).toBe(30 * MINUTE_MS)
  expect(reservationMs(0)).toBe(30 * MINUTE_MS)
  fc.assert(
    fc.property(fc.integer(), (seconds) => {
      fc.pre(seconds !== 0)
      const ms = reservationMs(seconds)
      if (seconds < 60) expect(ms).toBe(MINUTE_MS)
      else if (seconds > 86_400) expect(ms).toBe(DAY_MS)
      else expect(ms).toBe(seconds * 1000)
    }),
  )
})

test('a fetched job is reserved for its worker, from now on, and for nobody else', () => {
  const bench = new Bench()
  bench.run(push, wireJob({ reserveFor: 90 }))
  const pushedMs = bench.ms
  bench.ms += 5000
  expect(fetchFor(bench, 'w1')).toEqual({
    payload: bench.row('job-00000001').payload,
    queue: 'default',
    enqueuedAtMs: pushedMs,
    fetchedAtMs: bench.ms,
    failure: undefined,
  })
  expect(bench.row('job-00000001')).toMatchObject({
    state: State.Reserved,
    wid: 'w1',
    at: bench.ms + 90_000,
  })
  expect(bench.memory.held('w1')).toBe(1)
  expect(fetchFor(bench, 'w2')).toBe('empty')
})

test('the first named queue that has a job is served, whatever waits in the others', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 10 }),
      fc.shuffledSubarray(['a', 'b', 'c', 'none'], { minLength: 1 }),
      (pushed, asked) => {
        const bench = new Bench()
        for (const [i, queue] of pushed.entries()) {
          bench.run(
            push,
            wireJob({ jid: `job-${queue}-${1000 + i}`, queue, priority: (i % 9) + 1 }),
          )
        }
        const first = asked.find((queue) => pushed.some((each) => each === queue))
        const reply = fetchFor(bench, '', asked)
        if (first === undefined) expect(reply).toBe('empty')
        else expect(reply).toMatchObject({ payload: expect.stringContaining(`job-${first}-`) })
      },
    ),
  )
})

test('an acknowledged job is gone and counts once; a second ACK changes nothing', () => {
  const bench = new Bench()
  bench.run(push, wireJob())
  fetchFor(bench, 'w1')
  // No check that the same worker asks: pools acknowledge on any connection.
  const { payload } = bench.row('job-00000001')
  const fetchedAtMs = bench.ms
  bench.ms += 214
  expect(bench.run(ack, { jid: 'job-00000001', wid: 'w2' })).toEqual({
    jid: 'job-00000001',
    queue: 'default',
    payload,
    wid: 'w1',
    fetchedAtMs,
    endedAtMs: bench.ms,
  })
  expect(bench.decide(ack, { jid: 'job-00000001', wid: 'w1' })).toEqual({
    reply: undefined,
    changes: [],
  })
  expect(bench.disk.rows.size).toBe(0)
  expect(bench.memory.total('processed')).toBe(1)
  expect(bench.memory.total('failures')).toBe(0)
})

test('a job that only waits can be neither acknowledged nor failed', () => {
  const bench = new Bench()
  bench.run(push, wireJob())
  expect(bench.run(ack, { jid: 'job-00000001', wid: '' })).toBeUndefined()
  const refusal = bench.run(fail, { jid: 'job-00000001', wid: '', ...REPORT })
  expect(isRefusal(refusal) && refusal.text).toBe('Job not found job-00000001')
  expect(bench.memory.queueSize('default')).toBe(1)
})

test('a FAIL after an ACK, and an ACK after a FAIL, leave the first as it was', () => {
  const bench = new Bench()
  bench.run(push, wireJob())
  fetchFor(bench, 'w1')
  expect(bench.run(fail, { jid: 'job-00000001', wid: 'w1', ...REPORT })).toMatchObject({
    went: 'retry',
    wid: 'w1',
    fetchedAtMs: bench.ms,
  })
  const failed = { ...bench.row('job-00000001') }
  expect(bench.run(ack, { jid: 'job-00000001', wid: 'w1' })).toBeUndefined()
  expect(bench.row('job-00000001')).toEqual(failed)
  expect(failed.state).toBe(State.Retry)
})

test.each([
  [25, 'retry'],
  [-1, 'dead'],
  [0, 'discarded'],
])('a failure of a job with retry %i tells that it went: %s', (retry, went) => {
  const bench = new Bench()
  bench.run(push, wireJob({ retry, reserveFor: 90 }))
  const fetchedAtMs = bench.ms
  fetchFor(bench, 'w1')
  bench.ms += 5000
  const run = bench.run(fail, { jid: 'job-00000001', wid: 'w1', ...REPORT })
  expect(run).toMatchObject({ went, fetchedAtMs, endedAtMs: fetchedAtMs + 5000 })
})

test('of two reserved jobs of one jid each worker ends its own', () => {
  const bench = new Bench()
  for (const reserveFor of [100, 200]) bench.run(push, wireJob({ reserveFor }))
  fetchFor(bench, 'w1')
  fetchFor(bench, 'w2')
  expect(bench.run(ack, { jid: 'job-00000001', wid: 'w1' })).toMatchObject({ wid: 'w1' })
  expect(bench.row('job-00000001')).toMatchObject({ wid: 'w2', extra: { reserveForS: 200 } })
  expect(bench.memory.held('w1')).toBe(0)
})
