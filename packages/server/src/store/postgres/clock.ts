import { performance } from 'node:perf_hooks'
import type { Clock } from '../../clock.ts'

const ROUNDS = 5
/** The machine's own clock moved that much against its monotonic one: it slept, or somebody set it. */
const JUMP_MS = 500

/** The database's time: own monotonic clock plus an offset, measured now and then. */
export class DatabaseClock implements Clock {
  /** Database time minus monotonic time. Until it is measured, the machine's own time has to do. */
  #offsetMs = Date.now() - performance.now()
  #wallOffsetMs = Date.now() - performance.now()

  now(): number {
    return Math.round(performance.now() + this.#offsetMs)
  }

  /** The machine slept, or somebody set its clock: measure again. */
  get jumped(): boolean {
    return Math.abs(Date.now() - performance.now() - this.#wallOffsetMs) > JUMP_MS
  }

  /** @param ask the database's time, epoch ms: the answer of the quickest round is taken */
  async measure(ask: () => Promise<number>): Promise<void> {
    let bestMs = Infinity
    for (let i = 0; i < ROUNDS; i += 1) {
      const beforeMs = performance.now()
      const databaseMs = await ask()
      const tookMs = performance.now() - beforeMs
      if (tookMs >= bestMs) continue
      bestMs = tookMs
      this.#offsetMs = databaseMs - (beforeMs + tookMs / 2)
    }
    this.#wallOffsetMs = Date.now() - performance.now()
  }
}
