import { series, totals, type Name, type Span } from '../../activity/reading.ts'
import type { Mark } from '../../activity/marks.ts'
import { Tally } from '../../activity/tally.ts'
import type { Group } from '../../activity/timeline.ts'
import type { Web } from '../context.ts'
import { spanOf, type Range } from './ranges.ts'

/** What happened within a range, step by step. */
export interface History {
  readonly range: Range
  readonly span: Span
  /** Undefined where nobody counted. */
  readonly steps: readonly (Tally | undefined)[]
  /** All steps together. */
  readonly total: Tally
  /** How long of each step has passed, s. */
  readonly seconds: readonly number[]
  readonly marks: readonly Mark[]
}

/** @param of a queue or jobtype; undefined for all */
export function loadHistory({ activity, clock }: Web, range: Range, of?: Name): History {
  const nowMs = clock.now()
  const span = spanOf(range, nowMs)
  const steps = series(activity, span, of)
  const total = new Tally()
  for (const step of steps) if (step !== undefined) total.add(step)
  const seconds = steps.map((_, i) => secondsOf(span, i, nowMs))
  const marks = activity.marks.between(span.fromMs, nowMs)
  return { range, span, steps, total, seconds, marks }
}

/** The last step has only just begun: less than ten seconds of it would show a rate of chance. */
const SECONDS_MIN = 10

function secondsOf({ fromMs, stepMs }: Span, step: number, nowMs: number): number {
  const startMs = fromMs + step * stepMs
  const endMs = Math.min(startMs + stepMs, nowMs)
  return Math.max(SECONDS_MIN, (endMs - startMs) / 1000)
}

export type Metric = 'throughput' | 'wait' | 'run'

/** One line of a chart: rates per second, or durations in ms. */
export interface Line {
  readonly name: 'pushed' | 'done' | 'failed' | 'p50' | 'p95' | 'p99'
  readonly values: readonly (number | undefined)[]
}

/** The lines of a chart. */
export function linesOf(history: History, metric: Metric): Line[] {
  const { steps, seconds } = history
  if (metric === 'throughput') {
    return (['done', 'failed'] as const).map((name) => ({
      name,
      values: steps.map((step, i) =>
        step === undefined ? undefined : step[name] / (seconds[i] ?? 1),
      ),
    }))
  }
  const shares = { p50: 0.5, p95: 0.95, p99: 0.99 } as const
  return (['p50', 'p95', 'p99'] as const).map((name) => ({
    name,
    values: steps.map((step) => step?.[metric].percentile(shares[name])),
  }))
}

/** What happened within a range to each queue or jobtype, the most total run time first. */
export function loadTotals(
  { activity, clock }: Web,
  range: Range,
  by: Group,
): [name: string, tally: Tally][] {
  const found = [...totals(activity, spanOf(range, clock.now()), by)]
  return found
    .filter(([, tally]) => !tally.isEmpty)
    .sort(([, a], [, b]) => b.runMs - a.runMs || b.pushed - a.pushed)
}

/** The share of runs that failed, 0 to 1; undefined when none ended. */
export function failedShare({ done, failed }: Tally): number | undefined {
  return done + failed === 0 ? undefined : failed / (done + failed)
}
