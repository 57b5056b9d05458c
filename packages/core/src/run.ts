import { LIMITS } from '@jobmill/protocol'
import { State, type Change, type Job } from './types.ts'

/** A run of a job that has ended: what there is to tell of it. */
export interface Ended {
  readonly jid: string
  readonly queue: string
  readonly payload: string
  /** The worker that held it, '' for one without a name. */
  readonly wid: string
  /** Epoch ms. */
  readonly fetchedAtMs: number
  /** Epoch ms. */
  readonly endedAtMs: number
}

/** A run that failed, and what became of the job. */
export interface FailedRun extends Ended {
  readonly went: 'retry' | 'dead' | 'discarded'
}

/** How long a job is reserved, ms: 0 means the default, else raised to 60 s at least. */
export function reservationMs(reserveForS: number | undefined): number {
  if (reserveForS === undefined || reserveForS === 0) return LIMITS.reserveForSDefault * 1000
  return Math.min(Math.max(reserveForS, LIMITS.reserveForSMin), LIMITS.reserveForSMax) * 1000
}

/** A reserved job whose run ends now: read before its changes are applied. */
export function endedRun({ jid, queue, payload, wid, at, extra }: Job, nowMs: number): Ended {
  const fetchedAtMs = at - reservationMs(extra?.reserveForS)
  return { jid, queue, payload, wid, fetchedAtMs, endedAtMs: nowMs }
}

/** The same for a failure. @param changes as `recordFailure` gives them */
export function failedRun(job: Job, changes: readonly Change[], nowMs: number): FailedRun {
  const [first] = changes
  const moved = first?.do === 'move' ? first.state : undefined
  const went = moved === undefined ? 'discarded' : moved === State.Dead ? 'dead' : 'retry'
  return { ...endedRun(job, nowMs), went }
}
