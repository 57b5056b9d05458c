/** How a run ended, and what became of the job: `retry` waits for its next try. */
export type Result = 'done' | 'retry' | 'dead' | 'discarded'

export interface Outcome {
  readonly jid: string
  readonly jobtype: string
  readonly queue: string
  readonly result: Result
  /** '' for a worker without a name. */
  readonly wid: string
  /** Epoch ms. */
  readonly fetchedAtMs: number
  /** Epoch ms. */
  readonly endedAtMs: number
}

const RESULTS: readonly Result[] = ['done', 'retry', 'dead', 'discarded']

/** What jobs of a queue and jobtype share, so that each run needs no more than a pointer to it. */
interface Kind {
  readonly jobtype: string
  readonly queue: string
}

/** The newest ends of runs, in memory alone: in columns, for there are many and they come fast. */
export class Outcomes {
  readonly #size: number
  readonly #jids: string[] = []
  readonly #kinds: Kind[] = []
  readonly #wids: string[] = []
  readonly #results: Uint8Array
  readonly #fetchedAtMs: Float64Array
  readonly #endedAtMs: Float64Array
  #next = 0

  constructor(size: number) {
    this.#size = size
    this.#results = new Uint8Array(size)
    this.#fetchedAtMs = new Float64Array(size)
    this.#endedAtMs = new Float64Array(size)
  }

  /** When the oldest that is known ended, epoch ms; undefined when none is. */
  get sinceMs(): number | undefined {
    if (this.#jids.length === 0) return undefined
    return this.#endedAtMs[this.#jids.length < this.#size ? 0 : this.#next]
  }

  /** The oldest begin to go. */
  get isFull(): boolean {
    return this.#jids.length === this.#size
  }

  add(
    kind: Kind,
    result: Result,
    run: Pick<Outcome, 'jid' | 'wid' | 'fetchedAtMs' | 'endedAtMs'>,
  ): void {
    const at = this.#next
    this.#jids[at] = run.jid
    this.#kinds[at] = kind
    this.#wids[at] = run.wid
    this.#results[at] = RESULTS.indexOf(result)
    this.#fetchedAtMs[at] = run.fetchedAtMs
    this.#endedAtMs[at] = run.endedAtMs
    this.#next = at + 1 === this.#size ? 0 : at + 1
  }

  /** Runs of one job, newest first. */
  of(jid: string, limit = 10): Outcome[] {
    return this.#find(this.#jids, jid, limit)
  }

  /** Runs on one worker, newest first. */
  on(wid: string, limit: number): Outcome[] {
    return this.#find(this.#wids, wid, limit)
  }

  clear(): void {
    this.#jids.length = 0
    this.#kinds.length = 0
    this.#wids.length = 0
    this.#next = 0
  }

  #find(column: readonly string[], text: string, limit: number): Outcome[] {
    const found: Outcome[] = []
    for (let back = 1; back <= column.length && found.length < limit; back += 1) {
      const at = (this.#next - back + this.#size) % this.#size
      const kind = this.#kinds[at]
      if (column[at] !== text || kind === undefined) continue
      found.push({
        jid: this.#jids[at] ?? '',
        jobtype: kind.jobtype,
        queue: kind.queue,
        result: RESULTS[this.#results[at] ?? 0] ?? 'done',
        wid: this.#wids[at] ?? '',
        fetchedAtMs: this.#fetchedAtMs[at] ?? 0,
        endedAtMs: this.#endedAtMs[at] ?? 0,
      })
    }
    return found
  }
}
