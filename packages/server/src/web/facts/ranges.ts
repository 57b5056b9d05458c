import { spanUntil, type Span } from '../../activity/reading.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** How far back a page looks, in at most 180 steps. */
export interface Range {
  readonly key: '1h' | '6h' | '24h' | '7d' | '30d' | '90d'
  readonly stepMs: number
  readonly steps: number
}

const range = (key: Range['key'], stepMs: number, steps: number): Range => ({ key, stepMs, steps })

export const RANGES: readonly [Range, ...Range[]] = [
  range('1h', MINUTE_MS, 60),
  range('6h', 2 * MINUTE_MS, 180),
  range('24h', 10 * MINUTE_MS, 144),
  range('7d', HOUR_MS, 168),
  range('30d', 4 * HOUR_MS, 180),
  range('90d', 12 * HOUR_MS, 180),
]

export const lengthMs = ({ stepMs, steps }: Range): number => stepMs * steps

/** The range of a query; an hour for what is none. @param days Faktory's way to say it, '' for none */
export function rangeOf(key: string, days = ''): Range {
  const named = RANGES.find((one) => one.key === key)
  if (named !== undefined) return named
  const wantedMs = Number(days) * 24 * HOUR_MS
  if (!(wantedMs > 0)) return RANGES[0]
  return RANGES.reduce((best, one) =>
    Math.abs(lengthMs(one) - wantedMs) < Math.abs(lengthMs(best) - wantedMs) ? one : best,
  )
}

export const spanOf = ({ stepMs, steps }: Range, nowMs: number): Span =>
  spanUntil(nowMs, stepMs, steps)
