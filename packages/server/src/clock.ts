import { performance } from 'node:perf_hooks'

/** Where the time comes from; tests bring their own. */
export interface Clock {
  /** Epoch ms, whole. */
  now(): number
}

/** A smaller correction of the clock is nothing that a job would notice. */
const STEP_MS = 10_000

/**
 * The wall clock, watched: when somebody sets it, by over ten seconds either way, `stepped` is told
 * before anybody sees the new time.
 */
export class SystemClock implements Clock {
  stepped: (byMs: number) => void = () => undefined
  /** Wall time minus monotonic time. */
  #offsetMs = Date.now() - performance.now()

  now(): number {
    const wallMs = Date.now()
    const byMs = wallMs - performance.now() - this.#offsetMs
    if (byMs > STEP_MS || byMs < -STEP_MS) {
      this.#offsetMs += byMs
      this.stepped(Math.round(byMs))
    }
    return wallMs
  }
}
