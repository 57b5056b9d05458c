import { performance } from 'node:perf_hooks'

/** A slow answer holds for so many times as long as it took, */
const TIMES = 5
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
  readonly #slowMs: number
  readonly #nowMs: () => number

  /** @param slowMs an answer that took longer holds for a while   @param nowMs monotonic */
  constructor(slowMs: number, nowMs = () => performance.now()) {
    this.#slowMs = slowMs
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
      this.#isSlow = tookMs > this.#slowMs
      const holdsMs = this.#isSlow ? Math.min(tookMs * TIMES, REUSE_MAX_MS) : 0
      this.#validUntilMs = this.#nowMs() + holdsMs
    }
  }
}
