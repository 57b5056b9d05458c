import { LIMITS } from '@jobmill/protocol'
import { reservationMs } from './run.ts'
import { State, type Job } from './types.ts'

/** What is known about a job when somebody asks why it does not run. */
export interface Circumstances {
  /** Undefined: no trace of it. */
  readonly job: Job | undefined
  readonly nowMs: number
  /** Of its queue. */
  readonly paused: boolean
  /** Jobs that are fetched before it. */
  readonly ahead: number
  /** Workers with an open connection. */
  readonly workers: number
  /** The worker that holds it is gone. */
  readonly lost: boolean
}

/** Why a job is where it is: one of a closed list. Times are epoch ms. */
export type Explanation =
  | { readonly code: 'paused' | 'no_worker'; readonly queue: string }
  | { readonly code: 'behind'; readonly queue: string; readonly ahead: number }
  | { readonly code: 'scheduled'; readonly atMs: number }
  | {
      readonly code: 'retrying'
      readonly atMs: number
      readonly tries: number
      readonly left: number
      readonly error: string
    }
  | {
      readonly code: 'running'
      readonly wid: string
      readonly untilMs: number
      readonly sinceMs: number
      readonly orphaned: boolean
    }
  | { readonly code: 'dead'; readonly tries: number; readonly deletedMs: number }
  | { readonly code: 'unknown' }

/** The answer to "why is my job not running?": of several reasons the first that holds it back. */
export function explain(facts: Circumstances): Explanation {
  const { job } = facts
  if (job === undefined) return { code: 'unknown' }
  const failure = job.extra?.failure
  const tries = failure === undefined ? 0 : failure.retryCount + 1
  switch (job.state) {
    case State.Queued:
      if (facts.paused) return { code: 'paused', queue: job.queue }
      if (facts.workers === 0) return { code: 'no_worker', queue: job.queue }
      return { code: 'behind', queue: job.queue, ahead: facts.ahead }
    case State.Scheduled:
      return { code: 'scheduled', atMs: job.at }
    case State.Retry: {
      const left = (job.extra?.retry ?? LIMITS.retryDefault) - tries + 1
      return {
        code: 'retrying',
        atMs: job.at,
        tries,
        left: Math.max(0, left),
        error: failure?.errtype ?? '',
      }
    }
    case State.Reserved: {
      const sinceMs = job.at - reservationMs(job.extra?.reserveForS)
      return {
        code: 'running',
        wid: job.wid,
        untilMs: job.at,
        sinceMs,
        orphaned: facts.lost,
      }
    }
    case State.Dead:
      return { code: 'dead', tries, deletedMs: job.at + LIMITS.deadMs }
  }
}
