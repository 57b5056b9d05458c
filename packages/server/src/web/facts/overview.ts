import { State } from '@jobmill/core'
import type { QueueFacts, Stats, StoreHealth } from '../../store/store.ts'
import type { Web } from '../context.ts'
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
    }

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
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
}

export async function loadOverview(web: Web): Promise<Overview> {
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
  return {
    stats,
    queues,
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
    }),
  }
}

export interface NeedFacts {
  readonly nowMs: number
  readonly health: StoreHealth
  readonly queues: readonly QueueFacts[]
  readonly workers: number
  readonly orphaned: number
  readonly died: number
  readonly overdue: number
}

/** What needs attention, worst first. */
export function needsOf(facts: NeedFacts): Need[] {
  const needs: Need[] = []
  if (facts.health.state === 'unwritable') needs.push({ what: 'store', why: facts.health.reason })
  if (facts.died > 0) needs.push({ what: 'died', count: facts.died })
  if (facts.orphaned > 0) needs.push({ what: 'orphaned', count: facts.orphaned })
  if (facts.overdue > 0) needs.push({ what: 'overdue', count: facts.overdue })
  for (const { name, paused, size, oldestAtMs } of facts.queues) {
    if (size === 0 || oldestAtMs === undefined) continue
    const oldestMs = facts.nowMs - oldestAtMs
    if (paused) needs.push({ what: 'paused', queue: name, size })
    else if (facts.workers === 0 && oldestMs > MINUTE_MS) {
      needs.push({ what: 'no-worker', queue: name, size, oldestMs })
    }
  }
  return needs
}
