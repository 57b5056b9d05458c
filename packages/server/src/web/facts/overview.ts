import { State } from '@jobmill/core'
import { HOUR_MS, MINUTE_MS, type ErrorGroup } from '../../activity/errors.ts'
import { rates, type Rates } from '../../activity/reading.ts'
import type { QueueFacts, Stats, StoreHealth } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { topErrors, type GroupFacts } from './errors.ts'
import { loadQueueActivity, usualWaitMs, type QueueActivity } from './queue-activity.ts'
import { rangeOf, type Range } from './ranges.ts'
import { loadHistory, type History } from './series.ts'
import { countOrphans, loadWorkers } from './workers.ts'

/** Something that an operator should look at, worst first. Source: docs/web-ui.md, "Needs attention" */
export type Need =
  | { readonly what: 'store'; readonly why: string }
  | { readonly what: 'died'; readonly count: number }
  | { readonly what: 'orphaned'; readonly count: number }
  | { readonly what: 'overdue'; readonly count: number }
  | { readonly what: 'paused'; readonly queue: string; readonly size: number }
  | {
      readonly what: 'no-worker'
      readonly queue: string
      readonly size: number
      readonly oldestMs: number
      /** Epoch ms; undefined when no FETCH named it, as far as is known. */
      readonly lastFetchMs: number | undefined
    }
  | {
      readonly what: 'error-burst'
      readonly group: string
      readonly jobtype: string
      readonly errtype: string
      /** Failures within ten minutes. */
      readonly count: number
      readonly firstMs: number
    }
  | {
      readonly what: 'falls-behind'
      readonly queue: string
      readonly oldestMs: number
      /** The p95 that its jobs waited within a day. */
      readonly usualMs: number
      readonly inPerS: number
      readonly outPerS: number
    }

/** Counted up to here: more is as bad. */
const COUNT_MAX = 100

export interface Overview {
  readonly stats: Stats
  readonly queues: readonly QueueFacts[]
  readonly workers: number
  readonly needs: readonly Need[]
  /** When the next retry falls due, epoch ms. */
  readonly nextRetryMs: number | undefined
  readonly oldestMs: number | undefined
  readonly history: History
  readonly rates: Rates
  readonly errors: readonly GroupFacts[]
  readonly activityOf: (queue: string) => QueueActivity
}

const ERRORS_SHOWN = 5

export async function loadOverview(web: Web, range: Range = rangeOf('1h')): Promise<Overview> {
  const { store, clock } = web
  const nowMs = clock.now()
  const first = (state: typeof State.Retry | typeof State.Scheduled) =>
    store.list({ place: { state }, reversed: false, limit: COUNT_MAX, budgetMs: 50 })
  const [stats, queues, workers, orphaned, dead, retries, scheduled] = await Promise.all([
    store.stats(),
    store.queues(),
    loadWorkers(web),
    countOrphans(web),
    store.list({ place: { state: State.Dead }, reversed: true, limit: COUNT_MAX, budgetMs: 50 }),
    first(State.Retry),
    first(State.Scheduled),
  ])
  const overdue = [...retries.jobs, ...scheduled.jobs].filter(({ at }) => at < nowMs - 5_000)
  const oldest = queues.reduce(
    (min, { oldestAtMs }) => Math.min(min, oldestAtMs ?? Infinity),
    Infinity,
  )
  const activityOf = loadQueueActivity(web, workers.length)
  return {
    stats,
    queues,
    history: loadHistory(web, range),
    rates: rates(web.activity, nowMs),
    errors: topErrors(web, range, ERRORS_SHOWN),
    activityOf,
    workers: workers.length,
    nextRetryMs: retries.jobs[0]?.at,
    oldestMs: oldest === Infinity ? undefined : nowMs - oldest,
    needs: needsOf({
      nowMs,
      health: web.server.health(),
      queues,
      workers: workers.length,
      orphaned,
      died: dead.jobs.filter(({ at }) => at > nowMs - HOUR_MS).length,
      overdue: overdue.length,
      activityOf,
      usualWaitMs: (queue) => usualWaitMs(web, queue),
      groups: web.activity.errors.list(),
    }),
  }
}

export interface NeedFacts {
  readonly nowMs: number
  readonly health: StoreHealth
  readonly queues: readonly QueueFacts[]
  readonly workers: number
  readonly activityOf: (queue: string) => QueueActivity
  readonly usualWaitMs: (queue: string) => number | undefined
  /** The one that was seen last first. */
  readonly groups: readonly ErrorGroup[]
  readonly orphaned: number
  readonly died: number
  readonly overdue: number
}

/** What needs attention, worst first. */
export function needsOf(facts: NeedFacts): Need[] {
  const needs: Need[] = []
  if (facts.health.state === 'unwritable') needs.push({ what: 'store', why: facts.health.reason })
  if (facts.died > 0) needs.push({ what: 'died', count: facts.died })
  needs.push(...burstsOf(facts))
  if (facts.orphaned > 0) needs.push({ what: 'orphaned', count: facts.orphaned })
  if (facts.overdue > 0) needs.push({ what: 'overdue', count: facts.overdue })
  for (const { name, paused, size, oldestAtMs } of facts.queues) {
    if (size === 0 || oldestAtMs === undefined) continue
    const oldestMs = facts.nowMs - oldestAtMs
    const { isForsaken, lastFetchMs, inPerS, outPerS } = facts.activityOf(name)
    if (paused) needs.push({ what: 'paused', queue: name, size })
    else if (isForsaken && oldestMs > MINUTE_MS) {
      needs.push({ what: 'no-worker', queue: name, size, oldestMs, lastFetchMs })
    } else if (oldestMs > BEHIND_MS && inPerS > outPerS) {
      const usualMs = facts.usualWaitMs(name) ?? 0
      if (oldestMs > BEHIND_TIMES * usualMs) {
        needs.push({ what: 'falls-behind', queue: name, oldestMs, usualMs, inPerS, outPerS })
      }
    }
  }
  return needs
}

/** A queue falls behind when its oldest job waits longer than this and so many times the usual. */
const BEHIND_MS = 30_000
const BEHIND_TIMES = 10

/** Failures within ten minutes that make a burst, if they are so many times the hourly mean, too. */
const BURST = 20
const BURST_TIMES = 5
/** A kind of error that is new within the hour is worth a word earlier. */
const NEW_BURST = 5

function burstsOf({ groups, nowMs }: NeedFacts): Need[] {
  const minute = Math.floor(nowMs / MINUTE_MS)
  const bursts: Need[] = []
  for (const { id, jobtype, errtype, firstMs, lastMs, minutes } of groups) {
    if (lastMs < nowMs - HOUR_MS) break
    const count = minutes.sum(minute - 9, minute)
    // Of the day before these ten minutes: what happens now is no measure for itself.
    const hourlyMean = minutes.sum(minute - 24 * 60 + 1, minute - 10) / 24
    const isBurst = count >= BURST && count >= BURST_TIMES * hourlyMean
    const isNew = firstMs > nowMs - HOUR_MS && minutes.sum(minute - 59, minute) >= NEW_BURST
    if (isBurst || isNew) {
      bursts.push({ what: 'error-burst', group: id, jobtype, errtype, count, firstMs })
    }
  }
  return bursts
}
