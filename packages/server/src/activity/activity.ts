import type { Ended, FailedRun, FailureReport, Fetched } from '@jobmill/core'
import { ErrorGroups, HOURS_KEPT, HOUR_MS, MINUTES_KEPT, MINUTE_MS } from './errors.ts'
import { Fetchers } from './fetchers.ts'
import { jobtypeOf } from './jobtype.ts'
import { Live, type LiveLimits } from './live.ts'
import { Marks } from './marks.ts'
import { Outcomes } from './outcomes.ts'
import { Tally, type Gauges } from './tally.ts'
import { Timeline, type Moment } from './timeline.ts'

const MIB = 1024 * 1024
const OUTCOMES = 100_000

export interface ActivityOptions {
  readonly limits?: LiveLimits
  /** How many ends of runs are remembered. */
  readonly outcomes?: number
  readonly hearsAll?: boolean
}

/** Sizes when a minute ends. */
export interface Sizes {
  readonly all: Gauges
  /** Waiting jobs by queue. */
  readonly queues: ReadonlyMap<string, number>
}

/**
 * What happened over time. Commands and tasks tell it, at the cost of a few additions each; a minute's
 * counts are packed away when `roll` is called.
 */
export class Activity {
  readonly minutes = new Timeline({
    stepMs: MINUTE_MS,
    steps: MINUTES_KEPT,
    bytesMax: 16 * MIB,
  })
  readonly hours = new Timeline({ stepMs: HOUR_MS, steps: HOURS_KEPT, bytesMax: 24 * MIB })
  readonly errors = new ErrorGroups()
  readonly outcomes: Outcomes
  readonly fetchers = new Fetchers()
  readonly marks = new Marks()
  readonly live: Live
  /** When counting began, epoch ms. */
  readonly sinceMs: number
  /** No other server serves the same queues, so that what is not heard here did not happen. */
  readonly hearsAll: boolean
  #nowMs: number
  #minute: number

  constructor(nowMs: number, options: ActivityOptions = {}) {
    const { limits, outcomes = OUTCOMES, hearsAll = true } = options
    this.sinceMs = nowMs
    this.hearsAll = hearsAll
    this.#nowMs = nowMs
    this.#minute = Math.floor(nowMs / MINUTE_MS)
    this.live = limits === undefined ? new Live() : new Live(limits)
    this.outcomes = new Outcomes(outcomes)
  }

  // ---- what commands and tasks tell

  /** @param entered it went to its queue; else it is planned for later */
  pushed(queue: string, jobtype: string, entered: boolean): void {
    const { minute, totals } = this.live.pair(queue, jobtype)
    minute.pushed += 1
    totals.pushed += 1
    if (entered) minute.entered += 1
  }

  /** Jobs that fell due entered their queues. */
  entered(queues: ReadonlyMap<string, number>): void {
    for (const [queue, count] of queues) this.live.pair(queue, '').minute.entered += count
  }

  /** A worker asks; most often there is nothing for it. */
  fetching(wid: string, queues: readonly string[]): void {
    this.fetchers.heard(wid, queues, this.#nowMs)
  }

  fetched({ queue, payload, enqueuedAtMs, fetchedAtMs }: Fetched): void {
    const { minute, totals } = this.live.pair(queue, jobtypeOf(payload))
    const waitedMs = Math.max(0, fetchedAtMs - enqueuedAtMs)
    minute.fetched += 1
    minute.wait.add(waitedMs)
    totals.fetched += 1
    totals.wait.add(waitedMs)
  }

  done(run: Ended): void {
    const pair = this.live.pair(run.queue, jobtypeOf(run.payload))
    const ranMs = Math.max(0, run.endedAtMs - run.fetchedAtMs)
    pair.minute.done += 1
    pair.minute.runMs += ranMs
    pair.minute.run.add(ranMs)
    pair.totals.done += 1
    pair.totals.run.add(ranMs)
    this.outcomes.add(pair, 'done', run)
  }

  failed(run: FailedRun, report: FailureReport): void {
    const pair = this.live.pair(run.queue, jobtypeOf(run.payload))
    const ranMs = Math.max(0, run.endedAtMs - run.fetchedAtMs)
    pair.minute.failed += 1
    if (run.went !== 'retry') pair.minute.died += 1
    pair.minute.runMs += ranMs
    pair.minute.run.add(ranMs)
    pair.totals[run.went] += 1
    pair.totals.run.add(ranMs)
    this.outcomes.add(pair, run.went, run)
    const { queue, jobtype } = pair
    this.errors.add({ jid: run.jid, jobtype, queue, ...report, atMs: run.endedAtMs })
  }

  // ---- time

  /** @returns whether a minute has ended, so that `roll` is due */
  tick(nowMs: number): boolean {
    this.#nowMs = nowMs
    return Math.floor(nowMs / MINUTE_MS) !== this.#minute
  }

  /** The minute in which counting goes on, and the time of the last tick, epoch ms. */
  get now(): { readonly minute: number; readonly ms: number } {
    return { minute: this.#minute, ms: this.#nowMs }
  }

  /**
   * Packs away what was counted, and goes on with the minute of `nowMs`.
   * @param sizes undefined when they could not be had
   * @returns the minute that it was, and its hour, since the epoch
   */
  roll(nowMs: number, sizes?: Sizes): { readonly minute: number; readonly hour: number } {
    const minute = this.#minute
    const hour = Math.floor((minute * MINUTE_MS) / HOUR_MS)
    const moment = withSizes(this.live.moment(), sizes)
    this.minutes.add(minute, moment)
    this.hours.add(hour, moment)
    this.live.clear()
    this.#nowMs = nowMs
    this.#minute = Math.floor(nowMs / MINUTE_MS)
    this.errors.forgetOld(nowMs)
    this.fetchers.forgetOld(nowMs)
    return { minute, hour }
  }

  /** Everything is forgotten, as FLUSH asks; who fetches what stays true. */
  forget(): void {
    for (const part of [this.minutes, this.hours, this.errors, this.outcomes, this.marks]) {
      part.clear()
    }
    this.live.forget()
  }
}

function withSizes(moment: Moment, sizes: Sizes | undefined): Moment {
  if (sizes === undefined) return moment
  moment.all.see(sizes.all)
  const queues = new Map(moment.queues)
  for (const [name, waiting] of sizes.queues) {
    const tally = queues.get(name)
    if (tally !== undefined) tally.see({ waiting })
    else if (waiting > 0 && queues.size < QUEUES_MAX) {
      const idle = new Tally()
      idle.see({ waiting })
      queues.set(name, idle)
    }
  }
  return { ...moment, queues }
}

const QUEUES_MAX = 1_000
