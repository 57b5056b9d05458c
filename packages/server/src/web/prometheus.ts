import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import { Counter, Gauge, Registry } from 'prom-client'
import { BOUNDS_S, type Durations, type Totals } from '../activity/totals.ts'
import type { Web } from './context.ts'
import { loadQueueActivity } from './facts/queue-activity.ts'

/** Of queues and of jobtypes that have lines of their own; the rest is `other`. */
const NAMES_MAX = 1_000
const OTHER = 'other'

type Labels = Readonly<Record<string, string>>

/** What Prometheus scrapes, in its text format. Names: docs/operations.md, "Metrics" */
export class Prometheus {
  readonly #web: Web
  readonly #delay: IntervalHistogram

  constructor(web: Web) {
    this.#web = web
    this.#delay = monitorEventLoopDelay({ resolution: 20 })
    this.#delay.enable()
  }

  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE

  /** Rejects with a StoreError while the store is away. */
  async text(): Promise<string> {
    const registry = new Registry()
    this.#jobs(registry)
    await this.#store(registry)
    this.#server(registry)
    return registry.metrics()
  }

  #jobs(registry: Registry): void {
    const pairs = [...this.#web.activity.live.pairs()].filter(({ jobtype }) => jobtype !== '')
    const known = new Names()
    const counter = (name: string, help: string, of: (totals: Totals) => number): void => {
      const metric = new Counter({
        name,
        help,
        labelNames: ['queue', 'jobtype'],
        registers: [registry],
      })
      for (const pair of pairs) metric.inc(known.of(pair.queue, pair.jobtype), of(pair.totals))
    }
    counter('jobmill_jobs_pushed_total', 'Jobs that were pushed.', ({ pushed }) => pushed)
    counter('jobmill_jobs_fetched_total', 'Jobs that were handed out.', ({ fetched }) => fetched)
    const finished = new Counter({
      name: 'jobmill_jobs_finished_total',
      help: 'Runs that ended: failed ones are to be retried.',
      labelNames: ['queue', 'jobtype', 'outcome'],
      registers: [registry],
    })
    const wait = new Known('jobmill_job_wait_seconds', 'From the queue to the worker.', registry)
    const run = new Known('jobmill_job_run_seconds', 'From FETCH to ACK or FAIL.', registry)
    for (const { queue, jobtype, totals } of pairs) {
      const labels = known.of(queue, jobtype)
      const { done: success, retry: failed, dead, discarded } = totals
      for (const [outcome, count] of Object.entries({ success, failed, dead, discarded })) {
        finished.inc({ ...labels, outcome }, count)
      }
      wait.take({ queue: labels['queue'] ?? OTHER }, totals.wait)
      run.take(labels, totals.run)
    }
  }

  async #store(registry: Registry): Promise<void> {
    const { store, clock } = this.#web
    const [stats, queues, workers] = await Promise.all([
      store.stats(),
      store.queues(),
      store.records('worker'),
    ])
    const gauge = gaugesOf(registry)
    const nowMs = clock.now()
    const activityOf = loadQueueActivity(this.#web, stats.workers)
    for (const { name: queue, size, oldestAtMs, paused } of queues.slice(0, NAMES_MAX)) {
      const oldestS = oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs) / 1000
      gauge('jobmill_queue_jobs', 'Waiting jobs.', size, { queue })
      gauge('jobmill_queue_latency_seconds', 'Age of the oldest waiting job.', oldestS, { queue })
      gauge('jobmill_queue_paused', '1 while nothing is fetched.', paused ? 1 : 0, { queue })
      gauge(
        'jobmill_queue_workers',
        'Workers whose FETCH named it within a minute.',
        activityOf(queue).workers,
        { queue },
      )
    }
    let enqueued = 0
    for (const { size } of queues) enqueued += size
    const { scheduled, retries: retrying, dead, working } = stats
    for (const [state, count] of Object.entries({ enqueued, scheduled, retrying, dead, working })) {
      gauge('jobmill_jobs', 'Jobs by state.', count, { state })
    }
    const states = new Map<string, number>([['running', 0]])
    for (const [, { state, connections }] of workers) {
      if (connections > 0) states.set(state, (states.get(state) ?? 0) + 1)
    }
    for (const [state, count] of states)
      gauge('jobmill_workers', 'Connected workers.', count, { state })
  }

  #server(registry: Registry): void {
    const { server, version } = this.#web
    const facts = server.facts()
    const number = (name: string): number => Number(facts[name] ?? 0)
    const gauge = gaugesOf(registry)
    gauge('jobmill_up', '1 while writes are taken.', server.health().state === 'ready' ? 1 : 0)
    gauge('jobmill_build_info', 'Always 1.', 1, { version })
    gauge('jobmill_connections', 'Open connections.', number('connections'))
    gauge('jobmill_uptime_seconds', 'Since the start.', number('uptime'))
    gauge('jobmill_resident_memory_bytes', 'Of the process.', process.memoryUsage.rss())
    // The worst since the last scrape.
    gauge(
      'jobmill_event_loop_delay_seconds',
      'The longest since the last scrape.',
      this.#delay.max / 1e9,
    )
    this.#delay.reset()
    const commands = new Counter({
      name: 'jobmill_commands_total',
      help: 'Commands of clients.',
      registers: [registry],
    })
    commands.inc(number('command_count'))
  }
}

/** Names that have lines of their own, first come, first served. */
class Names {
  readonly #queues = new Set<string>()
  readonly #jobtypes = new Set<string>()

  of(queue: string, jobtype: string): Labels {
    return { queue: bounded(this.#queues, queue), jobtype: bounded(this.#jobtypes, jobtype) }
  }
}

function bounded(known: Set<string>, name: string): string {
  if (known.has(name)) return name
  if (known.size >= NAMES_MAX || name === '(others)') return OTHER
  known.add(name)
  return name
}

function gaugesOf(registry: Registry) {
  const gauges = new Map<string, Gauge>()
  return (name: string, help: string, value: number, labels: Labels = {}): void => {
    let gauge = gauges.get(name)
    if (gauge === undefined) {
      gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] })
      gauges.set(name, gauge)
    }
    gauge.set(labels, value)
  }
}

interface Summed {
  readonly labels: Labels
  readonly counts: number[]
  sumMs: number
  total: number
}

/**
 * A histogram whose counts were made elsewhere: prom-client only writes them down. Its own histograms
 * do not ask `get` what to write, its gauges do.
 */
class Known extends Gauge {
  readonly #name: string
  readonly #help: string
  readonly #sums = new Map<string, Summed>()

  constructor(name: string, help: string, registry: Registry) {
    super({ name, help, registers: [registry] })
    this.#name = name
    this.#help = help
  }

  take(labels: Labels, durations: Durations): void {
    const key = JSON.stringify(labels)
    const sum = this.#sums.get(key) ?? { labels, counts: [], sumMs: 0, total: 0 }
    this.#sums.set(key, sum)
    for (const [i, count] of durations.counts.entries())
      sum.counts[i] = (sum.counts[i] ?? 0) + count
    sum.sumMs += durations.sumMs
    sum.total += durations.total
  }

  override get(): ReturnType<Gauge['get']> {
    const values = [...this.#sums.values()].flatMap(({ labels, counts, sumMs, total }) => {
      let below = 0
      const buckets = [...BOUNDS_S, '+Inf'].map((le, i) => {
        below += counts[i] ?? 0
        return { value: below, labels: { ...labels, le }, metricName: `${this.#name}_bucket` }
      })
      return [
        ...buckets,
        { value: sumMs / 1000, labels, metricName: `${this.#name}_sum` },
        { value: total, labels, metricName: `${this.#name}_count` },
      ]
    })
    return Promise.resolve({
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      values,
      aggregator: 'sum',
    } as unknown as Awaited<ReturnType<Gauge['get']>>)
  }
}
