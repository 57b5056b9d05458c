import type { Activity } from './activity.ts'
import { HOUR_MS, MINUTE_MS } from './errors.ts'
import { Tally } from './tally.ts'
import type { Group } from './timeline.ts'

/** A stretch of time in equal steps, aligned to them. */
export interface Span {
  /** Epoch ms. */
  readonly fromMs: number
  readonly stepMs: number
  readonly steps: number
}

/** The last `steps` steps until now, the running one among them. */
export function spanUntil(nowMs: number, stepMs: number, steps: number): Span {
  const last = Math.floor(nowMs / stepMs)
  return { fromMs: (last - steps + 1) * stepMs, stepMs, steps }
}

export interface Name {
  readonly by: Group
  readonly name: string
}

/** What happened in each step of a span, to a name or to all; undefined where nobody counted. */
export function series(activity: Activity, span: Span, of?: Name): (Tally | undefined)[] {
  const { fromMs, stepMs, steps } = span
  const timeline = timelineOf(activity, stepMs)
  const each = stepMs / timeline.grain.stepMs
  const first = Math.floor(fromMs / timeline.grain.stepMs)
  const found = Array.from({ length: steps }, (_, step) => {
    const tally = new Tally()
    let isKnown = false
    for (let i = 0; i < each; i += 1) {
      isKnown = timeline.read(first + step * each + i, tally, of) || isKnown
    }
    return isKnown ? tally : undefined
  })
  const last = Math.floor((activity.now.minute * MINUTE_MS - fromMs) / stepMs)
  if (last >= 0 && last < steps) {
    const moment = activity.live.moment()
    const live =
      of === undefined
        ? moment.all
        : (of.by === 'queue' ? moment.queues : moment.jobtypes).get(of.name)
    found[last] ??= new Tally()
    if (live !== undefined) found[last].add(live)
  }
  return found
}

/** What happened within a span, by name. */
export function totals(activity: Activity, span: Span, by: Group): Map<string, Tally> {
  const { fromMs, stepMs, steps } = span
  const toMs = fromMs + steps * stepMs
  // A day's minutes of many names are a lot to read, its hours are not.
  const timeline = toMs - fromMs > 6 * HOUR_MS ? activity.hours : activity.minutes
  const { stepMs: grainMs } = timeline.grain
  const found = new Map<string, Tally>()
  for (let i = Math.floor(fromMs / grainMs); i * grainMs < toMs; i += 1) {
    timeline.readAll(i, by, found)
  }
  const moment = activity.live.moment()
  for (const [name, tally] of by === 'queue' ? moment.queues : moment.jobtypes) {
    const known = found.get(name)
    if (known === undefined) found.set(name, tally)
    else known.add(tally)
  }
  return found
}

/** What happened of late. */
export interface Rates {
  /** How long "of late" is. */
  readonly seconds: number
  readonly all: Tally
  readonly queues: ReadonlyMap<string, Tally>
}

const RATE_MINUTES = 5

/** The last five minutes and the running one, or since the start; sums alone, no percentiles. */
export function rates(activity: Activity, nowMs: number): Rates {
  const { minute } = activity.now
  const queues = new Map<string, Tally>()
  const all = new Tally()
  let fromMs = minute * MINUTE_MS
  for (let i = minute - 1; i >= minute - RATE_MINUTES && activity.minutes.has(i); i -= 1) {
    activity.minutes.read(i, all, undefined, false)
    activity.minutes.readAll(i, 'queue', queues, false)
    fromMs = i * MINUTE_MS
  }
  const moment = activity.live.moment()
  all.add(moment.all)
  for (const [name, tally] of moment.queues) {
    const known = queues.get(name)
    if (known === undefined) queues.set(name, tally)
    else known.add(tally)
  }
  // Before the server was there nothing can have been counted.
  if (fromMs <= activity.sinceMs) fromMs = Math.min(activity.sinceMs, nowMs)
  return { seconds: Math.max(1, (nowMs - fromMs) / 1000), all, queues }
}

const timelineOf = (activity: Activity, stepMs: number) =>
  stepMs % HOUR_MS === 0 ? activity.hours : activity.minutes
