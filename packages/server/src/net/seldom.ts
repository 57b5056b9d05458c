import { performance } from 'node:perf_hooks'

const AGAIN_MS = 60_000
const KINDS_MAX = 1_000

/** Folds repeats: what a thousand peers do wrong is one line of the log a minute. */
export class Seldom {
  readonly #saidAtMs = new Map<string, number>()

  /** Calls `say` unless something of this kind was said within the last minute. */
  say(kind: string, say: () => void): void {
    const nowMs = performance.now()
    const last = this.#saidAtMs.get(kind)
    if (last !== undefined && nowMs - last < AGAIN_MS) return
    if (this.#saidAtMs.size > KINDS_MAX) this.#saidAtMs.clear()
    this.#saidAtMs.set(kind, nowMs)
    say()
  }
}
