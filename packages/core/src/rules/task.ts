import { LIMITS } from '@jobmill/protocol'
import { recordFailure } from '../failure.ts'
import { failedRun, type FailedRun } from '../run.ts'
import { State, type Change, type EntryKey, type Facts, type Rule } from '../types.ts'
import { makeKnown } from './queue.ts'

/** What one slice of a timed task did. */
export interface TaskReply {
  /** How many it handled; as many as the limit means: come again. */
  readonly count: number
  /** Epoch ms of the next that falls due, undefined when there is none. */
  readonly nextAtMs: number | undefined
  /** How many entered each queue. */
  readonly entered?: ReadonlyMap<string, number>
  /** Runs that ended by it. */
  readonly ended?: readonly FailedRun[]
}

export interface SliceInput {
  readonly limit: number
}

const reply = (count: number, nextAtMs: number | undefined): TaskReply => ({ count, nextAtMs })

/** Moves due jobs of a set to the back of their queues, in the order of their times. */
export const enqueueDue: Rule<
  SliceInput & { readonly set: typeof State.Scheduled | typeof State.Retry },
  TaskReply
> = {
  name: 'enqueueDue',
  answers: 'committed',
  needs: ({ set, limit }) => ({
    due: { set, until: Infinity, limit: limit + 1 },
    allRecords: ['queue'],
  }),
  decide(facts, { set, limit }) {
    const due = facts.due(set, facts.now, limit)
    const changes: Change[] = makeKnown(
      facts,
      due.map((entry) => entry.queue),
    )
    const entered = new Map<string, number>()
    for (const job of due) {
      changes.push({ do: 'move', job, state: State.Queued, at: facts.now, wid: '' })
      entered.set(job.queue, (entered.get(job.queue) ?? 0) + 1)
    }
    const nextAtMs = after(facts, set, facts.now, due.length)
    return { reply: { ...reply(due.length, nextAtMs), entered }, changes }
  },
}

/** The first time of a set after the `handled` ones that are due. */
function after(
  facts: Facts,
  set: typeof State.Scheduled | typeof State.Retry | typeof State.Dead,
  until: number,
  handled: number,
): number | undefined {
  const first = facts.nextAt(set)
  if (first === undefined || first > until) return first
  return facts.due(set, Infinity, handled + 1)[handled]?.at
}

/** Reservations that ended without ACK or FAIL: a failure, through the ordinary retry process. */
export const lapse: Rule<SliceInput, TaskReply> = {
  name: 'lapse',
  answers: 'committed',
  needs: ({ limit }) => ({ lapsed: { until: Infinity, limit: limit + 1 } }),
  decide(facts, { limit }) {
    const jobs = facts.lapsed(facts.now, limit)
    const ended: FailedRun[] = []
    const changes = jobs.flatMap((job, i) => {
      const own = recordFailure(job, LAPSED, facts.now, spread(facts.random, i))
      ended.push(failedRun(job, own, facts.now))
      return own
    })
    const next = facts.lapsed(Infinity, jobs.length + 1)[jobs.length]?.at
    const nextAtMs = jobs.length === 0 ? facts.nextAt(State.Reserved) : next
    return { reply: { ...reply(jobs.length, nextAtMs), ended }, changes }
  },
}

/** Another random number for each job of a slice, or all that lapsed together would retry together. */
const spread = (random: number, i: number): number => (random + i * 0.618_033_988_75) % 1

/** What is said of a run whose reservation ended. */
export const LAPSED = {
  errtype: 'ReservationExpired',
  message: 'job reservation expired',
  backtrace: [],
}

/** Dead jobs are kept for 180 days. */
export const purgeDead: Rule<SliceInput, TaskReply> = {
  name: 'purgeDead',
  answers: 'committed',
  needs: ({ limit }) => ({ due: { set: State.Dead, until: Infinity, limit: limit + 1 } }),
  decide(facts, { limit }) {
    const until = facts.now - LIMITS.deadMs
    const old = facts.due(State.Dead, until, limit)
    const next = after(facts, State.Dead, until, old.length)
    return {
      reply: reply(old.length, next === undefined ? undefined : next + LIMITS.deadMs + 1),
      changes: old.map((job) => ({ do: 'drop', job })),
    }
  },
}

/** Rows of removed queues go in slices; with the last of them their marks go. */
export const sweepRemoved: Rule<SliceInput, TaskReply> = {
  name: 'sweepRemoved',
  answers: 'committed',
  needs: ({ limit }) => ({ removed: limit, allRecords: ['queue'] }),
  decide(facts, { limit }) {
    const seqs = facts.removed(limit)
    const changes: Change[] = seqs.length === 0 ? [] : [{ do: 'sweep', seqs }]
    if (facts.removed(seqs.length + 1).length === seqs.length) changes.push(...clearMarks(facts))
    return { reply: reply(seqs.length, undefined), changes }
  },
}

function clearMarks(facts: Facts): Change[] {
  const changes: Change[] = []
  for (const [key, record] of facts.records('queue')) {
    if (record.removedTo === 0) continue
    changes.push(
      record.known || record.paused
        ? { do: 'put', kind: 'queue', key, value: { ...record, removedTo: 0 } }
        : { do: 'del', kind: 'queue', key },
    )
  }
  return changes
}

/** The clock stepped: a job that ran ten seconds has not run an hour. */
export const shiftReservations: Rule<
  { readonly keys: readonly EntryKey[]; readonly byMs: number },
  number
> = {
  name: 'shiftReservations',
  answers: 'committed',
  needs: ({ keys }) => ({ entries: { set: State.Reserved, keys } }),
  decide(facts, { keys, byMs }) {
    const changes: Change[] = []
    for (const { at, seq } of keys) {
      const job = facts.entry(State.Reserved, at, seq)
      if (job === undefined) continue
      changes.push({
        do: 'move',
        job,
        state: State.Reserved,
        at: at + byMs,
        wid: 'wid' in job && typeof job.wid === 'string' ? job.wid : '',
      })
    }
    return { reply: changes.length, changes }
  },
}
