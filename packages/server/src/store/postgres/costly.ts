import { performance } from 'node:perf_hooks'

/** An answer that took longer is given again for a while. */
const SLOW_MS = 100
/** For so many times as long as it took, */
const TIMES = 10
/** but no longer than that. */
const REUSE_MAX_MS = 15_000

/**
 * A question whose answer may take long, as counting millions does: then it is asked once for all who
 * want to know, and its answer holds for a while. Quick ones are always asked anew.
 */
export class Costly<T> {
  #answer: Promise<T> | undefined
  #validUntilMs = 0
  #isSlow = false
  readonly #nowMs: () => number

  /** @param nowMs monotonic */
  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs
  }

  get(ask: () => Promise<T>): Promise<T> {
    // While a slow one is under way, those who come share it.
    if (this.#answer !== undefined && this.#nowMs() < this.#validUntilMs) return this.#answer
    const answer = this.#timed(ask)
    this.#answer = answer
    this.#validUntilMs = this.#isSlow ? Infinity : 0
    return answer
  }

  async #timed(ask: () => Promise<T>): Promise<T> {
    const startedMs = this.#nowMs()
    try {
      return await ask()
    } finally {
      const tookMs = this.#nowMs() - startedMs
      this.#isSlow = tookMs > SLOW_MS
      const holdsMs = this.#isSlow ? Math.min(tookMs * TIMES, REUSE_MAX_MS) : 0
      this.#validUntilMs = this.#nowMs() + holdsMs
    }
  }
}
