import { refuse, type Failure, type Refusal } from '@jobmill/protocol'
import { recordFailure, type FailureReport } from '../failure.ts'
import { endedRun, failedRun, reservationMs, type Ended, type FailedRun } from '../run.ts'
import { State, WorkerState, type Facts, type Rule } from '../types.ts'

/** A job that was handed out. */
export interface Fetched {
  readonly payload: string
  readonly queue: string
  readonly enqueuedAtMs: number
  readonly fetchedAtMs: number
  readonly failure: Failure | undefined
}

export interface FetchInput {
  /** In the order in which they are tried. */
  readonly queues: readonly string[]
  /** '' for a connection that named none. */
  readonly wid: string
}

/** `empty`: no job now, wait for one. `quiet`: this worker gets no more jobs. */
export type FetchReply = Fetched | 'empty' | 'quiet'

/**
 * One job of the first queue that has one, reserved for its worker.
 * Source: docs/protocol.md, "FETCH"
 */
export const fetch: Rule<FetchInput, FetchReply> = {
  name: 'fetch',
  answers: 'now',
  needs: ({ queues, wid }) => ({
    take: { queues, wid, room: (facts, queue) => (mayTake(facts, wid, queue) ? Infinity : 0) },
    records: [
      ...queues.map((key) => ({ kind: 'queue' as const, key })),
      ...(wid === '' ? [] : [{ kind: 'worker' as const, key: wid }]),
    ],
  }),
  decide(facts, { queues, wid }) {
    if (isQuiet(facts, wid)) return QUIET
    for (const queue of queues) {
      if (isPaused(facts, queue)) continue
      const job = facts.head(queue)
      if (job === undefined) {
        if (facts.loading(queue)) return EMPTY
        continue
      }
      const at = facts.now + reservationMs(job.extra?.reserveForS)
      return {
        reply: {
          payload: job.payload,
          queue,
          enqueuedAtMs: job.at,
          fetchedAtMs: facts.now,
          failure: job.extra?.failure,
        },
        changes: [{ do: 'move', job, state: State.Reserved, at, wid }],
      }
    }
    return EMPTY
  },
}

function isQuiet(facts: Facts, wid: string): boolean {
  const worker = wid === '' ? undefined : facts.record('worker', wid)
  return worker !== undefined && worker.state !== WorkerState.Running
}

const isPaused = (facts: Facts, queue: string): boolean =>
  facts.record('queue', queue)?.paused === true

const mayTake = (facts: Facts, wid: string, queue: string): boolean =>
  !isQuiet(facts, wid) && !isPaused(facts, queue)

const EMPTY = { reply: 'empty', changes: [] } as const
const QUIET = { reply: 'quiet', changes: [] } as const

export interface JidInput {
  readonly jid: string
  /** Of the asking connection: tells two jobs of one jid apart. */
  readonly wid: string
}

/**
 * A worker finished a job. @returns undefined when no such job is reserved, which is no error: it may
 * have lapsed and run elsewhere. Source: docs/protocol.md, "ACK"
 */
export const ack: Rule<JidInput, Ended | undefined> = {
  name: 'ack',
  answers: 'acknowledge',
  needs: (input) => ({ settles: input }),
  decide(facts, { jid, wid }) {
    const job = facts.reserved(jid, wid)
    if (job === undefined) return { reply: undefined, changes: [] }
    return {
      reply: endedRun(job, facts.now),
      changes: [
        { do: 'drop', job },
        { do: 'add', counter: 'processed', n: 1 },
      ],
    }
  },
}

/** A worker gave a job up. Source: docs/protocol.md, "FAIL" */
export const fail: Rule<JidInput & FailureReport, Refusal | FailedRun> = {
  name: 'fail',
  answers: 'committed',
  needs: ({ jid, wid }) => ({ reserved: [{ jid, wid }] }),
  decide(facts, input) {
    const job = facts.reserved(input.jid, input.wid)
    if (job === undefined) return { reply: refuse('JOB_NOT_FOUND', input.jid), changes: [] }
    const changes = recordFailure(job, input, facts.now, facts.random)
    return { reply: failedRun(job, changes, facts.now), changes }
  },
}
