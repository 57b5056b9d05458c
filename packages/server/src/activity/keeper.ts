import { putNote } from '@jobmill/core'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'
import type { Activity, Sizes } from './activity.ts'
import type { Timeline } from './timeline.ts'

const EVERY_MS = 1_000
/** Notes that are read in one go at the start: others get their turn between two. */
const AT_ONCE = 50

/** Where a step is kept: the keys are used again when its time is over. */
const keyOf = (grain: 'minute' | 'hour', { grain: { steps } }: Timeline, index: number): string =>
  `${grain}/${index % steps}`

/**
 * Lets minutes end, and keeps what was counted with the data, as notes: the minute that ended, its
 * hour, the error groups that changed. A crash loses a minute.
 */
export class Keeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #activity: Activity
  readonly #prefix: string
  #timer: NodeJS.Timeout | undefined
  #loaded: Promise<void> | undefined
  #rolling: Promise<void> = Promise.resolve()
  #isRolling = false

  /** @param name of this server, where several share a store: each keeps what it counted itself */
  constructor(store: Store, clock: Clock, log: Log, activity: Activity, name = '') {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#activity = activity
    this.#prefix = `activity/${encodeURIComponent(name)}/`
  }

  /** The data is there: reads what was kept, then begins to keep. Later calls do nothing. */
  start(): void {
    this.#loaded ??= this.load().then(() => {
      this.#timer = setInterval(() => this.#look(), EVERY_MS)
    })
  }

  /** Keeps what was counted until now. */
  async stop(): Promise<void> {
    if (this.#loaded === undefined) return
    await this.#loaded
    clearInterval(this.#timer)
    await this.#rolling
    await this.#roll()
  }

  /** A mark is kept at once: whoever set it will not do so again. */
  async keepMarks(): Promise<void> {
    await this.#put('marks', this.#activity.marks.write())
  }

  #look(): void {
    if (!this.#activity.tick(this.#clock.now()) || this.#isRolling) return
    this.#isRolling = true
    this.#rolling = this.#roll().finally(() => (this.#isRolling = false))
  }

  async #roll(): Promise<void> {
    const { minutes, hours, errors } = this.#activity
    try {
      const sizes = await this.#sizes()
      const { minute, hour } = this.#activity.roll(this.#clock.now(), sizes)
      const notes: [string, string | undefined][] = [
        [keyOf('minute', minutes, minute), minutes.write(minute)],
        [keyOf('hour', hours, hour), hours.write(hour)],
        ...minutes
          .dropped()
          .map((i): [string, undefined] => [keyOf('minute', minutes, i), undefined]),
        ...hours.dropped().map((i): [string, undefined] => [keyOf('hour', hours, i), undefined]),
        ...errors
          .changes()
          .map(([id, text]): [string, string | undefined] => [`error/${id}`, text]),
      ]
      await Promise.all(notes.map(([key, text]) => this.#put(key, text)))
    } catch (error) {
      // The store's own log says why; what could not be kept is still in memory.
      this.#log.debug({ err: error }, 'activity could not be kept')
    }
  }

  async #sizes(): Promise<Sizes | undefined> {
    const stats = await this.#store.stats().catch(() => undefined)
    if (stats === undefined) return undefined
    let waiting = 0
    for (const size of stats.queues.values()) waiting += size
    const { working: running, retries, dead } = stats
    return { all: { waiting, running, retries, dead }, queues: stats.queues }
  }

  #put(key: string, text: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#store.run(putNote, { key: this.#prefix + key, text }, (_, error) => {
        if (error === undefined) resolve()
        else reject(error)
      })
    })
  }

  /** Reads what was kept, and no more. */
  async load(): Promise<void> {
    const notes = await this.#store.records('note')
    let count = 0
    for (const [key, { text }] of notes) {
      if (!key.startsWith(this.#prefix)) continue
      this.#take(key.slice(this.#prefix.length), text)
      count += 1
      if (count % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #take(key: string, text: string): void {
    const { minutes, hours, errors, marks } = this.#activity
    const nowMs = this.#clock.now()
    try {
      if (key.startsWith('minute/')) minutes.take(text, Math.floor(nowMs / minutes.grain.stepMs))
      else if (key.startsWith('hour/')) hours.take(text, Math.floor(nowMs / hours.grain.stepMs))
      else if (key.startsWith('error/')) errors.take(text)
      else if (key === 'marks') marks.take(text)
    } catch (error) {
      this.#log.warn({ err: error, key }, 'a note of what happened cannot be read: left out')
    }
  }
}
