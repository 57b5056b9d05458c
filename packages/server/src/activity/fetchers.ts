/** A worker's last FETCH. */
export interface LastFetch {
  queues: readonly string[]
  /** Epoch ms, true to a second or two. */
  atMs: number
}

/** After so long without a FETCH a worker tells nothing any more. */
const KEPT_MS = 3_600_000
const WORKERS_MAX = 20_000

/** Which queues each worker's last FETCH named, and when. */
export class Fetchers {
  readonly #byWid = new Map<string, LastFetch>()

  heard(wid: string, queues: readonly string[], nowMs: number): void {
    const last = this.#byWid.get(wid)
    if (last !== undefined) {
      last.queues = queues
      last.atMs = nowMs
    } else if (this.#byWid.size < WORKERS_MAX) this.#byWid.set(wid, { queues, atMs: nowMs })
  }

  of(wid: string): Readonly<LastFetch> | undefined {
    return this.#byWid.get(wid)
  }

  /** By queue: when a FETCH last named it, epoch ms, and how many workers' last ones do since `sinceMs`. */
  byQueue(sinceMs: number): Map<string, { atMs: number; workers: number }> {
    const found = new Map<string, { atMs: number; workers: number }>()
    for (const { queues, atMs } of this.#byWid.values()) {
      for (const queue of new Set(queues)) {
        const known = found.get(queue) ?? { atMs: 0, workers: 0 }
        known.atMs = Math.max(known.atMs, atMs)
        if (atMs >= sinceMs) known.workers += 1
        found.set(queue, known)
      }
    }
    return found
  }

  forgetOld(nowMs: number): void {
    for (const [wid, { atMs }] of this.#byWid) {
      if (atMs < nowMs - KEPT_MS) this.#byWid.delete(wid)
    }
  }

  clear(): void {
    this.#byWid.clear()
  }
}
