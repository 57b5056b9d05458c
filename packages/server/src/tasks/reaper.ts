import { reap, touch, type WorkerRecord } from '@jobmill/core'
import { LIMITS } from '@jobmill/protocol'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/** Where a worker was last heard of, and how to close its connections. */
export interface Heard {
  /** Epoch ms; 0 for a worker without a connection here. */
  heardAtMs(wid: string): number
  drop(wid: string): void
}

const EVERY_MS = 5_000
/** Other servers are told of a worker that is heard and sends no BEAT, so often. */
const TOUCH_MS = 20_000

/**
 * Forgets workers that have been silent for a minute. One that is connected to another server is
 * that server's to watch; it is forgotten here when nobody has heard of it for twice that time, as
 * the server is gone too.
 */
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
    this.#timer ??= setInterval(() => {
      this.#look().catch((error: unknown) => {
        // The store's own log says why; the next look will do.
        this.#log.debug({ err: error }, 'workers were not looked at')
      })
    }, EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const workers = await this.#store.records('worker')
    // Reading the clock is what notices that somebody set it: what was heard has to follow first.
    this.#clock.now()
    for (const [wid, worker] of workers) this.#watch(wid, worker)
  }

  #watch(wid: string, worker: WorkerRecord): void {
    const heardAtMs = this.#heard.heardAtMs(wid)
    if (heardAtMs - worker.beatAtMs > TOUCH_MS) {
      this.#store.run(touch, { wid, heardAtMs }, () => undefined)
    }
    const isElsewhere = heardAtMs === 0 && worker.connections > 0
    const lastMs = isElsewhere ? worker.beatAtMs + LIMITS.beatGraceMs : heardAtMs
    const silentMs = this.#clock.now() - Math.max(lastMs, worker.beatAtMs, worker.goneAtMs)
    if (silentMs > LIMITS.beatGraceMs) this.#reap(wid, lastMs)
  }

  #reap(wid: string, heardAtMs: number): void {
    this.#store.run(reap, { wid, heardAtMs }, (forgotten, error) => {
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
