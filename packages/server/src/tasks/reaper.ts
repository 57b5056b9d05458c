import { reap } from '@jobmill/core'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/** Where a worker was last heard of, and how to close its connections. */
export interface Heard {
  heardAtMs(wid: string): number
  drop(wid: string): void
}

const EVERY_MS = 5_000

/** Forgets workers that have been silent for a minute. */
export class Reaper {
  /** Workers reaped since the start. */
  reaped = 0

  readonly #store: Store
  readonly #heard: Heard
  readonly #clock: Clock
  readonly #log: Log
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, heard: Heard, clock: Clock, log: Log) {
    this.#store = store
    this.#heard = heard
    this.#clock = clock
    this.#log = log
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const workers = await this.#store.records('worker')
    // Reading the clock is what notices that somebody set it: what was heard has to follow first.
    this.#clock.now()
    for (const [wid] of workers) {
      this.#store.run(reap, { wid, heardAtMs: this.#heard.heardAtMs(wid) }, (forgotten, error) => {
        if (error !== undefined || !forgotten) return
        this.reaped += 1
        this.#log.warn(
          { wid },
          'worker silent for a minute: forgotten and disconnected; its jobs come back when their reservations end',
        )
        this.#heard.drop(wid)
      })
    }
  }
}
