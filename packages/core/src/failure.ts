import { formatTime, LIMITS, type Failure } from '@jobmill/protocol'
import { retryDelayS } from './retry.ts'
import { State, type Change, type Job } from './types.ts'

/** What a worker, or a lapse, says of a failed attempt: trimmed, defaulted and cut already. */
export interface FailureReport {
  readonly errtype: string
  readonly message: string
  readonly backtrace: readonly string[]
}

/** After so long a retry would be past any calendar; a `retry` of a thousand gets here. */
const DELAY_S_MAX = 10 * 365 * 86_400

/**
 * A reserved job failed: it is discarded (retry 0), goes to the dead (below 0, or out of retries) or
 * waits for its next attempt. Either way it counts as processed and failed.
 * Source: docs/protocol.md, "Failure and retry"
 */
export function recordFailure(
  job: Job,
  report: FailureReport,
  nowMs: number,
  random: number,
): Change[] {
  const counted: Change[] = [
    { do: 'add', counter: 'processed', n: 1 },
    { do: 'add', counter: 'failures', n: 1 },
  ]
  const retry = job.extra?.retry ?? LIMITS.retryDefault
  if (retry === 0) return [{ do: 'drop', job }, ...counted]

  const before = job.extra?.failure
  const retryCount = before === undefined ? 0 : before.retryCount + 1
  const again = retryCount < retry
  const delayS = Math.min(retryDelayS(retryCount, random), DELAY_S_MAX)
  const nextAtMs = nowMs + delayS * 1000
  const failure: Failure = {
    failedAt: before?.failedAt || formatTime(nowMs),
    ...(again ? { nextAt: formatTime(nextAtMs) } : {}),
    message: report.message,
    errtype: report.errtype,
    ...(report.backtrace.length > 0 ? { backtrace: report.backtrace } : {}),
    retryCount,
    remaining:
      before === undefined ? retry : Math.max(before.remaining - 1, Math.min(before.remaining, 0)),
  }
  const extra = { ...job.extra, failure }
  const moved: Change = again
    ? { do: 'move', job, state: State.Retry, at: nextAtMs, wid: '', extra }
    : { do: 'move', job, state: State.Dead, at: nowMs, wid: '', extra }
  return [moved, ...counted]
}
