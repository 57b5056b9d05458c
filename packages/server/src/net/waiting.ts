/** What came of one look for a job. `busy`: it was looking already. */
export type Outcome = 'served' | 'empty' | 'quiet' | 'busy'

/** A FETCH that found nothing yet. */
export interface WaitingFetch {
  readonly queues: readonly string[]
  /**
   * Looks again, and tells at once or later. `empty`: still nothing; `quiet`: its worker gets no more
   * jobs.
   */
  attempt(told: (outcome: Outcome) => void): void
  /** Answers that there is nothing. */
  giveUp(): void
}

/** So many look at once, where looking takes time. */
const WIDTH_MAX = 64

/** The FETCHes that wait, by queue, first come first served. */
export class Waiting {
  readonly #byQueue = new Map<string, Set<WaitingFetch>>()
  readonly #all = new Set<WaitingFetch>()
  readonly #woken = new Set<string>()
  /** Queues whose waiters are being served, and whether they were woken again meanwhile. */
  readonly #serving = new Map<string, { again: boolean }>()

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
    this.withdraw(fetch)
  }

  /** It waits on, but must not stand in the way of those behind it. */
  withdraw(fetch: WaitingFetch): void {
    for (const queue of fetch.queues) {
      const waiting = this.#byQueue.get(queue)
      waiting?.delete(fetch)
      if (waiting?.size === 0) this.#byQueue.delete(queue)
    }
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

  /**
   * The waiters of a queue look in their order until one finds nothing. Where the answers take their
   * time, twice as many look at once with each that is served: a single job wakes no crowd.
   */
  #serveQueue(queue: string): void {
    const before = this.#serving.get(queue)
    if (before !== undefined) {
      before.again = true
      return
    }
    const state = { again: false }
    this.#serving.set(queue, state)
    // A set allows leaving and joining meanwhile; to copy thousands of waiters for each job does not.
    const waiters = (this.#byQueue.get(queue) ?? new Set<WaitingFetch>()).values()
    let [width, looking] = [1, 0]
    let [over, stepping] = [false, false]
    const step = (): void => {
      // An answer within the call is taken up by this loop, not by another inside it.
      stepping = true
      while (!over && looking < width) {
        const next = waiters.next()
        if (next.done === true) {
          over = true
          break
        }
        const fetch = next.value
        looking += 1
        fetch.attempt((outcome) => {
          looking -= 1
          if (outcome === 'quiet') this.withdraw(fetch)
          if (outcome === 'empty') over = true
          if (outcome === 'served') width = Math.min(width * 2, WIDTH_MAX)
          if (!stepping) step()
        })
      }
      stepping = false
      if (!over || looking > 0) return
      this.#serving.delete(queue)
      if (state.again) this.wake([queue])
    }
    step()
  }
}
