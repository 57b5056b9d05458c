import { parseRfc3339, type Failure } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordFailure } from './failure.ts'
import { retryDelayS } from './retry.ts'
import { State, type Change, type Job } from './types.ts'

const NOW = 1_700_000_000_000
const DAY_MS = 86_400_000
const REPORT = { errtype: 'E', message: 'boom', backtrace: ['a.rb:1'] }

function job(retry: number | undefined, failure?: Failure): Job {
  return {
    seq: 1,
    queue: 'default',
    priority: 5,
    state: State.Reserved,
    at: NOW,
    jid: 'job-00000001',
    wid: 'w',
    payload: '{}',
    extra: { ...(retry === undefined ? {} : { retry }), ...(failure ? { failure } : {}) },
  }
}

type Move = Extract<Change, { do: 'move' }>

/** The move of a failure that did not drop its job. */
function moveOf(changes: readonly Change[]): Move {
  const [move, ...more] = changes.filter((change) => change.do === 'move')
  if (move === undefined || more.length > 0) throw new Error('a failure moves its job once')
  return move
}

function failureOf({ extra }: Move): Failure {
  if (extra?.failure === undefined) throw new Error('a failed job carries its failure')
  return extra.failure
}

/** Fails a job again and again until it is dead or dropped. @returns each change of place */
function failOut(retry: number | undefined, random: number): Move[] {
  const moves: Move[] = []
  let failure: Failure | undefined
  for (let nowMs = NOW; ;) {
    const changes = recordFailure(job(retry, failure), REPORT, nowMs, random)
    if (changes.some((change) => change.do === 'drop')) return moves
    const move = moveOf(changes)
    moves.push(move)
    if (move.state === State.Dead) return moves
    failure = failureOf(move)
    nowMs = move.at
  }
}

const chance = fc.double({ min: 0, max: 0.999, noNaN: true })

test('a job is retried as often as it says, and then dies', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), chance, (retry, random) => {
      const states = failOut(retry, random).map((move) => move.state)
      expect(states).toEqual([...new Array<number>(retry).fill(State.Retry), State.Dead])
    }),
  )
})

test('a job that says nothing is retried 25 times', () => {
  expect(failOut(undefined, 0)).toHaveLength(26)
})

test('retry 0 drops the job, below 0 it is dead at once', () => {
  expect(recordFailure(job(0), REPORT, NOW, 0)[0]?.do).toBe('drop')
  fc.assert(
    fc.property(fc.integer({ min: -1000, max: -1 }), (retry) => {
      const moves = failOut(retry, 0.5)
      expect(moves).toHaveLength(1)
      expect(moves[0]).toMatchObject({ state: State.Dead, at: NOW, wid: '' })
    }),
  )
})

test('every failure counts as processed and failed, once, whatever becomes of the job', () => {
  fc.assert(
    fc.property(fc.option(fc.integer({ min: -2, max: 3 }), { nil: undefined }), (retry) => {
      const adds = recordFailure(job(retry), REPORT, NOW, 0).filter((each) => each.do === 'add')
      expect(adds).toEqual([
        { do: 'add', counter: 'processed', n: 1 },
        { do: 'add', counter: 'failures', n: 1 },
      ])
    }),
  )
})

test('the record counts up from nothing, counts what is left down, and keeps the first time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), chance, (retry, random) => {
      const moves = failOut(retry, random)
      let nowMs = NOW
      for (const [i, move] of moves.entries()) {
        const failure = failureOf(move)
        expect(failure.retryCount).toBe(i)
        expect(failure.remaining).toBe(retry - i)
        expect(parseRfc3339(failure.failedAt)).toBe(NOW)
        if (move.state === State.Retry) {
          expect(move.at).toBe(nowMs + retryDelayS(i, random) * 1000)
          expect(parseRfc3339(failure.nextAt ?? '')).toBe(move.at)
          nowMs = move.at
        } else {
          expect(failure.nextAt).toBeUndefined()
          expect(move.at).toBe(nowMs)
        }
      }
    }),
  )
})

test('the newest report counts: an old backtrace does not outlive it', () => {
  const before: Failure = {
    failedAt: '2020-01-01T00:00:00Z',
    nextAt: '2020-01-01T00:00:20Z',
    message: 'old',
    errtype: 'Old',
    backtrace: ['old.rb:1'],
    retryCount: 3,
    remaining: 2,
  }
  const report = { errtype: 'New', message: 'new', backtrace: [] }
  const failure = failureOf(moveOf(recordFailure(job(25, before), report, NOW, 0)))
  expect(failure).toEqual({
    failedAt: before.failedAt,
    nextAt: expect.any(String),
    message: 'new',
    errtype: 'New',
    retryCount: 4,
    remaining: 1,
  })
})

test('what is left never passes zero', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 5 }), (remaining) => {
      const before: Failure = { failedAt: '', retryCount: 0, remaining }
      const after = failureOf(moveOf(recordFailure(job(25, before), REPORT, NOW, 0))).remaining
      expect(after).toBe(remaining > 0 ? remaining - 1 : remaining)
    }),
  )
})

test('a retry after thousands of others is still a date that calendars know', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), chance, (retryCount, random) => {
      const before: Failure = { failedAt: '', retryCount, remaining: 1 }
      const move = moveOf(recordFailure(job(2e9, before), REPORT, NOW, random))
      expect(move.at).toBeGreaterThan(NOW)
      expect(move.at).toBeLessThanOrEqual(NOW + 3650 * DAY_MS)
      expect(parseRfc3339(failureOf(move).nextAt ?? '')).toBe(move.at)
    }),
  )
})

test('what else the job carries stays', () => {
  const held = { ...job(3), extra: { retry: 3, reserveForS: 90 } }
  expect(moveOf(recordFailure(held, REPORT, NOW, 0)).extra).toMatchObject({
    retry: 3,
    reserveForS: 90,
  })
})
