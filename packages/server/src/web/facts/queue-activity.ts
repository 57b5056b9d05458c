import { Histogram } from '../../activity/histogram.ts'
import { rates, series, spanUntil, totals } from '../../activity/reading.ts'
import type { Web } from '../context.ts'

const MINUTE_MS = 60_000
const SPARK_MINUTES = 60
const WAIT_MINUTES = 6

/** What a queue's recent past tells. */
export interface QueueActivity {
  readonly inPerS: number
  readonly outPerS: number
  /** How long jobs waited that were fetched within the last minutes. */
  readonly wait: Histogram
  /** When a FETCH last named it, epoch ms; undefined when none did, as far as is known. */
  readonly lastFetchMs: number | undefined
  /** Workers whose FETCH named it within the last minute. */
  readonly workers: number
  /** No FETCH named it for a minute, and the server would know. */
  readonly isForsaken: boolean
}

/** By queue. @param workers connected ones: without any, nothing is fetched from anywhere */
export function loadQueueActivity(
  { activity, clock }: Web,
  workers: number,
): (queue: string) => QueueActivity {
  const nowMs = clock.now()
  const { seconds, queues } = rates(activity, nowMs)
  const waits = totals(activity, spanUntil(nowMs, MINUTE_MS, WAIT_MINUTES), 'queue')
  const fetched = activity.fetchers.byQueue(nowMs - MINUTE_MS)
  const mayKnow = activity.hearsAll && nowMs - activity.sinceMs >= MINUTE_MS
  return (queue) => {
    const tally = queues.get(queue)
    const last = fetched.get(queue)
    const byNobody = (last?.workers ?? 0) === 0
    return {
      inPerS: (tally?.entered ?? 0) / seconds,
      outPerS: (tally?.fetched ?? 0) / seconds,
      wait: waits.get(queue)?.wait ?? new Histogram(),
      lastFetchMs: last?.atMs,
      workers: last?.workers ?? 0,
      isForsaken: byNobody && (workers === 0 || mayKnow),
    }
  }
}

/** How many waited in a queue, minute by minute of the last hour. */
export function waitingSpark({ activity, clock }: Web, queue: string): (number | undefined)[] {
  const span = spanUntil(clock.now(), MINUTE_MS, SPARK_MINUTES)
  const steps = series(activity, span, { by: 'queue', name: queue })
  return steps.map((step) => (step === undefined ? undefined : (step.waiting ?? 0)))
}

/** The wait that a queue's jobs had of late, ms: the p95 of 24 hours; undefined when none was fetched. */
export function usualWaitMs({ activity, clock }: Web, queue: string): number | undefined {
  const span = spanUntil(clock.now(), 60 * MINUTE_MS, 24)
  let usual: number | undefined
  for (const step of series(activity, span, { by: 'queue', name: queue })) {
    const p95 = step?.wait.percentile(0.95)
    if (p95 !== undefined) usual = Math.max(usual ?? 0, p95)
  }
  return usual
}
