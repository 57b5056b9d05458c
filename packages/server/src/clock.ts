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
  readonly #wall: () => number
  readonly #monotonic: () => number
  /** Wall time minus monotonic time. */
  #offsetMs: number

  /** @param wall epoch ms   @param monotonic ms that nobody sets */
  constructor(wall = () => Date.now(), monotonic = () => performance.now()) {
    this.#wall = wall
    this.#monotonic = monotonic
    this.#offsetMs = wall() - monotonic()
  }

  now(): number {
    const wallMs = this.#wall()
    const byMs = wallMs - this.#monotonic() - this.#offsetMs
    // Small corrections are taken as they come, or many of them would add up to a step.
    this.#offsetMs += byMs
    if (byMs > STEP_MS || byMs < -STEP_MS) this.stepped(Math.round(byMs))
    return wallMs
  }
}
