import { performance } from 'node:perf_hooks'
import {
  enqueueDue,
  lapse,
  LAPSED,
  purgeDead,
  State,
  sweepRemoved,
  type Rule,
  type TaskReply,
} from '@jobmill/core'
import type { Activity } from '../activity/activity.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Store, StoreError } from '../store/store.ts'

/** What a task did since the start, as INFO tells it. */
export interface TaskCount {
  cycles: number
  handled: number
  wallTimeS: number
}

export type TaskName = 'Scheduled' | 'Retries' | 'Busy' | 'Dead' | 'Removed'

interface Task {
  readonly name: TaskName
  readonly count: TaskCount
  /** One slice of at most `limit`. */
  slice(limit: number): Promise<TaskReply>
}

/** Jobs a slice: other commands get their turn between two. */
const SLICE = 500
/** No longer sleep than that: a clock may be set meanwhile. */
const SLEEP_MAX_MS = 5_000
/** Jobs that fall due one after the other share a look, and so a commit. */
const SLEEP_MIN_MS = 5
/** While the store takes no writes, and after a fault. */
const AFTER_FAULT_MS = 1_000

/**
 * Moves what falls due. One timer sleeps until the next moment that any set knows of; then every
 * task takes slice after slice until nothing is due, each slice after the commit of the one before.
 */
export class Scheduler {
  readonly counts: Readonly<Record<TaskName, TaskCount>>

  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #activity: Activity
  readonly #tasks: readonly Task[]
  /** Something is due at this time, as far as is known. */
  #soonestMs = 0
  #wakesAtMs = Infinity
  #held: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #running = false
  #stopped = true

  constructor(store: Store, clock: Clock, log: Log, activity: Activity) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#activity = activity
    this.#tasks = [
      this.#task('Busy', lapse, (limit) => ({ limit })),
      this.#task('Scheduled', enqueueDue, (limit) => ({ set: State.Scheduled, limit })),
      this.#task('Retries', enqueueDue, (limit) => ({ set: State.Retry, limit })),
      this.#task('Dead', purgeDead, (limit) => ({ limit })),
      this.#task('Removed', sweepRemoved, (limit) => ({ limit })),
    ]
    this.counts = Object.fromEntries(this.#tasks.map(({ name, count }) => [name, count])) as Record<
      TaskName,
      TaskCount
    >
  }

  start(): void {
    this.#stopped = false
    this.#arm(0)
  }

  /** No slice begins after this. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Something falls due at this time, epoch ms. */
  wakeAt(atMs: number): void {
    this.#soonestMs = Math.min(this.#soonestMs, atMs)
    if (this.#stopped || this.#running || atMs >= this.#wakesAtMs) return
    // Never later than it would have been, however often this is called.
    const sleepMs = Math.max(SLEEP_MIN_MS, atMs - this.#clock.now())
    if (this.#clock.now() + sleepMs < this.#wakesAtMs) this.#arm(sleepMs)
  }

  /** The clock was set: looks again soon, but no slice begins until this work, on the times, is done. */
  hold(work: Promise<void>): void {
    const held = work.finally(() => {
      if (this.#held === held) this.#held = undefined
    })
    this.#held = held
    // By the new time the sleep may be too long, and a wake-up look late.
    if (!this.#stopped && !this.#running) this.#arm(SLEEP_MIN_MS)
  }

  #task<I>(name: TaskName, rule: Rule<I, TaskReply>, input: (limit: number) => I): Task {
    return {
      name,
      count: { cycles: 0, handled: 0, wallTimeS: 0 },
      slice: (limit) =>
        new Promise((resolve, reject: (error: StoreError) => void) => {
          this.#store.run(rule, input(limit), (reply, error) => {
            if (error === undefined) resolve(reply)
            else reject(error)
          })
        }),
    }
  }

  #arm(inMs: number): void {
    // Before the timer is touched: reading the clock may arm it, when it was set.
    const nowMs = this.#clock.now()
    clearTimeout(this.#timer)
    const sleepMs = Math.min(inMs, SLEEP_MAX_MS)
    this.#wakesAtMs = nowMs + sleepMs
    this.#timer = setTimeout(() => void this.#tick(), sleepMs)
  }

  async #tick(): Promise<void> {
    this.#running = true
    let sleepMs = SLEEP_MIN_MS
    if (this.#clock.now() >= this.#soonestMs) {
      const done = this.#store.health().state === 'ready' && (await this.#runAll())
      if (!done) sleepMs = AFTER_FAULT_MS
    }
    this.#running = false
    // Meanwhile it may have been stopped.
    if (!this.#stopped) this.#arm(Math.max(sleepMs, this.#soonestMs - this.#clock.now()))
  }

  /** @returns whether all is done that was due */
  async #runAll(): Promise<boolean> {
    this.#soonestMs = Infinity
    try {
      for (const task of this.#tasks) await this.#drain(task)
      return true
    } catch (error) {
      // The store's own log says why; what was due stays due.
      this.#log.debug({ err: error }, 'a timed task was put off')
      this.#soonestMs = 0
      return false
    }
  }

  async #drain(task: Task): Promise<void> {
    const startedMs = performance.now()
    task.count.cycles += 1
    while (!this.#stopped) {
      // Reading the clock is what notices that somebody set it: reservations have to follow first.
      this.#clock.now()
      while (this.#held !== undefined) await this.#held
      const { count, nextAtMs, entered, ended } = await task.slice(SLICE)
      if (entered !== undefined) this.#activity.entered(entered)
      for (const run of ended ?? []) this.#activity.failed(run, LAPSED)
      task.count.handled += count
      if (count < SLICE) {
        if (nextAtMs !== undefined) this.#soonestMs = Math.min(this.#soonestMs, nextAtMs)
        break
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    task.count.wallTimeS += (performance.now() - startedMs) / 1000
  }
}
