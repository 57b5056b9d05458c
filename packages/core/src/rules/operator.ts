import { isRefusal, refuse, type Refusal, type WireJob } from '@jobmill/protocol'
import { recordFailure } from '../failure.ts'
import { isJob } from '../memory/memory.ts'
import {
  State,
  type Change,
  type Entry,
  type EntryKey,
  type Facts,
  type Rule,
  type TimedState,
  type WaitingKey,
} from '../types.ts'
import { accepted } from './push.ts'
import { makeKnown } from './queue.ts'

// What an operator may do to single jobs beyond MUTATE. No command of the protocol leads here.

export interface WithdrawInput {
  readonly cmd: 'discard' | 'kill'
  /** One slice; jobs that no longer wait are passed over. */
  readonly keys: readonly WaitingKey[]
}

/** Takes waiting jobs out of their queues, from any place in them. @returns how many */
export const withdraw: Rule<WithdrawInput, number> = {
  name: 'withdraw',
  answers: 'committed',
  needs: ({ keys }) => ({ waiting: keys }),
  decide(facts, { cmd, keys }) {
    const jobs = keys
      .map(({ queue, priority, seq }) => facts.waiting(queue, priority, seq))
      .filter((job) => job !== undefined)
    const change = (job: Entry): Change =>
      cmd === 'discard'
        ? { do: 'drop', job }
        : { do: 'move', job, state: State.Dead, at: facts.now, wid: '' }
    return { reply: jobs.length, changes: jobs.map(change) }
  },
}

/** Where a job was when an operator saw it. */
export type Whereabouts =
  | ({ readonly state: typeof State.Queued } & WaitingKey)
  | ({ readonly state: TimedState } & EntryKey)

export interface RewriteInput {
  readonly from: Whereabouts
  /** The whole job as it shall be, its `failure` too. */
  readonly job: WireJob
  /** Epoch ms at which it shall run; undefined: as before, a waiting job waits on. */
  readonly atMs: number | undefined
}

/**
 * Gives a job another priority, queue or time: it is put in anew, at the back of its place.
 * @returns why not; JOB_NOT_FOUND when it has moved on
 */
export const rewrite: Rule<RewriteInput, Refusal | undefined> = {
  name: 'rewrite',
  answers: 'committed',
  needs: ({ from, job }) => ({
    ...(from.state === State.Queued
      ? { waiting: [from] }
      : { entries: { set: from.state, keys: [from] } }),
    records: [{ kind: 'queue', key: job.queue }],
  }),
  decide(facts, { from, job: wire, atMs }) {
    const old = locate(facts, from)
    if (old === undefined) return { reply: refuse('JOB_NOT_FOUND', wire.jid), changes: [] }
    const job = accepted(wire, facts.now)
    if (isRefusal(job)) return { reply: job, changes: [] }
    const before = from.state === State.Queued ? facts.now : from.at
    const at = atMs ?? before
    const waits = atMs === undefined ? from.state === State.Queued : atMs <= facts.now
    const state = from.state === State.Queued ? State.Scheduled : from.state
    const changes: Change[] = waits
      ? [
          ...makeKnown(facts, [job.queue]),
          { do: 'insert', job, state: State.Queued, at: facts.now },
        ]
      : [{ do: 'insert', job, state, at }]
    return { reply: undefined, changes: [{ do: 'drop', job: old }, ...changes] }
  },
}

function locate(facts: Facts, from: Whereabouts): Entry | undefined {
  return from.state === State.Queued
    ? facts.waiting(from.queue, from.priority, from.seq)
    : facts.entry(from.state, from.at, from.seq)
}

export interface RecoverInput {
  /** Reserved jobs; those that ended meanwhile are passed over. */
  readonly keys: readonly EntryKey[]
}

/**
 * Ends reservations now, for workers that will not come back: a failure, through the ordinary retry
 * process, as a lapse is. @returns how many
 */
export const recover: Rule<RecoverInput, number> = {
  name: 'recover',
  answers: 'committed',
  needs: ({ keys }) => ({ entries: { set: State.Reserved, keys } }),
  decide(facts, { keys }) {
    const changes: Change[] = []
    let count = 0
    for (const { at, seq } of keys) {
      const job = facts.entry(State.Reserved, at, seq)
      if (job === undefined || !isJob(job)) continue
      count += 1
      const report = {
        errtype: 'WorkerLost',
        message: `worker ${job.wid || 'without a wid'} was lost, its job recovered`,
        backtrace: [],
      }
      changes.push(...recordFailure(job, report, facts.now, facts.random))
    }
    return { reply: count, changes }
  },
}
