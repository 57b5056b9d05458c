import {
  DEFAULT_QUEUE,
  formatTime,
  isRefusal,
  LIMITS,
  parseRfc3339,
  refuse,
  utf8Length,
  withMembers,
  type Refusal,
  type WireJob,
} from '@jobmill/protocol'
import {
  DEFAULT_PRIORITY,
  State,
  type Change,
  type Extra,
  type NewJob,
  type Priority,
  type Rule,
} from '../types.ts'
import { makeKnown } from './queue.ts'

const QUEUE_NAME = /^[a-zA-Z0-9._-]+$/

/**
 * A new job: to its queue, or to the scheduled set when `at` is still to come.
 * @returns why it is refused, undefined when it is taken
 * Source: docs/protocol.md, "PUSH" (the order of the checks too)
 */
export const push: Rule<WireJob, Refusal | undefined> = {
  name: 'push',
  answers: 'committed',
  needs: (wire) => ({ records: [{ kind: 'queue', key: wire.queue || DEFAULT_QUEUE }] }),
  decide(facts, wire) {
    const job = accepted(wire, facts.now)
    if (isRefusal(job)) return { reply: job, changes: [] }
    const atMs = atOf(wire)
    // Up to the next whole ms, so that no job runs before its time.
    const dueMs = atMs === undefined ? 0 : Math.ceil(atMs)
    const changes: Change[] =
      dueMs > facts.now
        ? [{ do: 'insert', job, state: State.Scheduled, at: dueMs }]
        : [
            ...makeKnown(facts, [job.queue]),
            { do: 'insert', job, state: State.Queued, at: facts.now },
          ]
    return { reply: undefined, changes }
  },
}

const atOf = (wire: WireJob): number | undefined =>
  wire.at === '' ? undefined : parseRfc3339(wire.at)

/** A job as it enters the store, defaults filled in, or why it must not. */
export function accepted(wire: WireJob, nowMs: number): NewJob | Refusal {
  return check(wire, atOf(wire)) ?? newJob(wire, nowMs)
}

function check(wire: WireJob, atMs: number | undefined): Refusal | undefined {
  if (utf8Length(wire.jid) < LIMITS.jidBytesMin || wire.jid.includes('\0')) {
    return refuse('JID_MISSING')
  }
  if (wire.jobtype === '') return refuse('JOBTYPE_MISSING')
  if (!wire.hasArgs) return refuse('ARGS_MISSING')
  if (wire.reserveFor > LIMITS.reserveForSMax) return refuse('RESERVE_TOO_LONG')
  if (wire.at !== '' && atMs === undefined) return refuse('INVALID_AT', wire.at)
  const queue = wire.queue || DEFAULT_QUEUE
  return QUEUE_NAME.test(queue) ? undefined : refuse('INVALID_QUEUE_NAME', queue)
}

function newJob(wire: WireJob, nowMs: number): NewJob {
  const retry = wire.retry ?? LIMITS.retryDefault
  return {
    jid: wire.jid,
    queue: wire.queue || DEFAULT_QUEUE,
    priority: toPriority(wire.priority),
    payload: withMembers(wire.text, defaults(wire, nowMs)),
    extra: extraOf(wire, retry),
  }
}

/** The members that the server fills in, as JSON text. */
function defaults(wire: WireJob, nowMs: number): string {
  const members: string[] = []
  if (wire.queue === '') members.push(`"queue":"${DEFAULT_QUEUE}"`)
  if (wire.retry === undefined) members.push(`"retry":${LIMITS.retryDefault}`)
  if (wire.createdAt === '') members.push(`"created_at":"${formatTime(nowMs)}"`)
  return members.join(',')
}

function extraOf(wire: WireJob, retry: number): Extra | null {
  const plain = retry === LIMITS.retryDefault && wire.reserveFor === 0 && wire.failure === undefined
  if (plain) return null
  return {
    ...(retry === LIMITS.retryDefault ? {} : { retry }),
    ...(wire.reserveFor === 0 ? {} : { reserveForS: wire.reserveFor }),
    ...(wire.failure === undefined ? {} : { failure: wire.failure }),
  }
}

/** 1–9; absent, 0 and more than 9 mean 5. Source: docs/protocol.md, "Priority". */
function toPriority(sent: number | undefined): Priority {
  switch (sent) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return sent
    default:
      return DEFAULT_PRIORITY
  }
}
