/** A FETCH that found nothing yet. */
export interface WaitingFetch {
  readonly queues: readonly string[]
  /** Looks again. `empty`: still nothing; `quiet`: its worker gets no more jobs. */
  attempt(): 'served' | 'empty' | 'quiet'
  /** Answers that there is nothing. */
  giveUp(): void
}

/** The FETCHes that wait, by queue, first come first served. */
export class Waiting {
  readonly #byQueue = new Map<string, Set<WaitingFetch>>()
  readonly #all = new Set<WaitingFetch>()
  readonly #woken = new Set<string>()

  add(fetch: WaitingFetch): void {
    this.#all.add(fetch)
    for (const queue of fetch.queues) {
      const waiting = this.#byQueue.get(queue)
      if (waiting === undefined) this.#byQueue.set(queue, new Set([fetch]))
      else waiting.add(fetch)
    }
  }

  remove(fetch: WaitingFetch): void {
    this.#all.delete(fetch)
    this.#withdraw(fetch)
  }

  /** Jobs arrived in these queues: those who wait look again, after the current event. */
  wake(queues: readonly string[]): void {
    const scheduled = this.#woken.size > 0
    for (const queue of queues) if (this.#byQueue.has(queue)) this.#woken.add(queue)
    if (!scheduled && this.#woken.size > 0) queueMicrotask(() => this.serve())
  }

  /** Those who were woken look again, now. */
  serve(): void {
    if (this.#woken.size === 0) return
    const queues = [...this.#woken]
    this.#woken.clear()
    for (const queue of queues) this.#serveQueue(queue)
  }

  /** The server stops: nobody gets a job any more. */
  giveUpAll(): void {
    for (const fetch of [...this.#all]) fetch.giveUp()
  }

  #serveQueue(queue: string): void {
    // A set allows leaving and joining meanwhile; to copy thousands of waiters for each job does not.
    for (const fetch of this.#byQueue.get(queue) ?? []) {
      const outcome = fetch.attempt()
      // A quiet worker's FETCH waits on, but must not stand in the way of those behind it.
      if (outcome === 'quiet') this.#withdraw(fetch)
      else if (outcome === 'empty') return
    }
  }

  #withdraw(fetch: WaitingFetch): void {
    for (const queue of fetch.queues) {
      const waiting = this.#byQueue.get(queue)
      waiting?.delete(fetch)
      if (waiting?.size === 0) this.#byQueue.delete(queue)
    }
  }
}
