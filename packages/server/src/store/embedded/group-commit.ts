import type { Entry, Journal, Lane, Seq } from '@jobmill/core'
import { StoreError } from '../store.ts'
import { DirtySet } from './dirty.ts'
import type { Fault } from './messages.ts'
import type { Storage } from './storage.ts'

/** What nobody waits for (FETCH, ACK) goes along with the next commit, or alone after so long. */
const COMPANY_MS = 10
const RETRY_FIRST_MS = 250
const RETRY_MOST_MS = 5_000

/** All-time sums, one row of every commit that has others. */
export interface Totals {
  readonly lastSeq: Seq
  readonly processed: number
  readonly failures: number
}

type Waiting = (error?: StoreError) => void

interface Events {
  readonly failed: (reason: string) => void
  readonly mended: () => void
  /** Asked at each commit. */
  readonly totals: () => Totals
}

/**
 * Gathers what differs from disk and hands it to the storage thread whenever that is idle: the
 * busier the server, the larger a commit and the cheaper a job in it.
 *
 *     dirty ──take──▶ in flight ──ok──▶ answered
 *       ▲                 │
 *       └──merged back────┘ failed: the waiting get an error, later tries go on until one succeeds
 */
export class GroupCommit {
  readonly #storage: Storage
  readonly #events: Events
  #dirty = new DirtySet()
  #waiting: Waiting[] = []
  #inFlight: DirtySet | undefined
  #scheduled: NodeJS.Immediate | undefined
  #company: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #retryMs = RETRY_FIRST_MS
  #failing = false
  #abandoned: string | undefined
  #drained: (() => void) | undefined
  #afterCommit: (() => void)[] = []

  constructor(storage: Storage, events: Events) {
    this.#storage = storage
    this.#events = events
  }

  /** What memory tells its changes to. */
  journal(more: { timed: (atMs: number) => void; wanted: (lane: Lane) => void }): Journal {
    return {
      inserted: (entry) => this.#dirty.inserted(entry),
      moved: (entry, before, withExtra) => this.#dirty.moved(entry, before, withExtra),
      dropped: (seq) => this.#dirty.dropped(seq),
      put: (kind, key, value) => {
        if (kind !== 'worker') this.#dirty.record(kind, key, JSON.stringify(value))
      },
      deleted: (kind, key) => {
        if (kind !== 'worker') this.#dirty.record(kind, key, null)
      },
      // The sums themselves are read when the commit is made up.
      counted: () => this.#dirty.record('total', 'all', null),
      flushed: () => this.#dirty.flushed(),
      ...more,
    }
  }

  /** Something changed that somebody waits for: `done` comes after its commit. */
  wait(done: Waiting): void {
    if (this.#abandoned !== undefined) {
      done(new StoreError('unwritable', this.#abandoned))
      return
    }
    this.#waiting.push(done)
    this.#schedule()
  }

  /** Something changed that nobody waits for. */
  soon(): void {
    if (this.#company !== undefined || this.#scheduled !== undefined || this.#dirty.empty) return
    this.#company = setTimeout(() => {
      this.#company = undefined
      this.#schedule()
    }, COMPANY_MS)
  }

  /** The job of a seq as it will be on disk, when it is not there yet. */
  dirty(seq: Seq): Entry | undefined {
    return this.#dirty.get(seq) ?? this.#inFlight?.get(seq)
  }

  /** Calls back after the next commit that succeeds. */
  afterCommit(callback: () => void): void {
    this.#afterCommit.push(callback)
    this.#schedule()
  }

  /** Writes all there is. Resolves when it is on disk, or when one last try has failed. */
  async drain(): Promise<void> {
    if (this.#abandoned !== undefined) return
    await new Promise<void>((resolve) => {
      this.#drained = resolve
      this.#cancelTimers()
      if (!this.#storage.committing) this.#take()
    })
  }

  /** The storage thread is gone: nothing will be written any more. */
  abandon(reason: string): void {
    this.#abandoned = reason
    this.#cancelTimers()
    this.#answer(this.#waiting, new StoreError('unwritable', reason))
    this.#waiting = []
    this.#drained?.()
  }

  #schedule(): void {
    if (this.#scheduled !== undefined || this.#retry !== undefined || this.#storage.committing)
      return
    // After all sockets of this turn have been read, so that their commands share the commit.
    this.#scheduled = setImmediate(() => {
      this.#scheduled = undefined
      if (!this.#storage.committing) this.#take()
    })
  }

  #take(): void {
    if (this.#company !== undefined) clearTimeout(this.#company)
    this.#company = undefined
    const waiting = this.#waiting
    this.#waiting = []
    if (this.#dirty.empty && !this.#failing) {
      this.#settle(waiting)
      return
    }
    const taken = this.#dirty
    taken.record('total', 'all', JSON.stringify(this.#events.totals()))
    this.#dirty = new DirtySet()
    this.#inFlight = taken
    this.#storage.commit(taken.toBatch(), (fault) => {
      this.#inFlight = undefined
      if (fault === undefined) this.#succeeded(waiting)
      else this.#failed(taken, waiting, fault)
    })
  }

  #succeeded(waiting: readonly Waiting[]): void {
    if (this.#failing) {
      this.#failing = false
      this.#retryMs = RETRY_FIRST_MS
      this.#events.mended()
    }
    this.#settle(waiting)
    if (this.#waiting.length > 0 || this.#afterCommit.length > 0) this.#schedule()
    else if (!this.#dirty.empty) this.soon()
  }

  #settle(waiting: readonly Waiting[]): void {
    this.#answer(waiting, undefined)
    const after = this.#afterCommit
    this.#afterCommit = []
    for (const callback of after) callback()
    if (this.#drained === undefined) return
    if (this.#dirty.empty && this.#waiting.length === 0) this.#drained()
    else this.#take()
  }

  #failed(taken: DirtySet, waiting: readonly Waiting[], { code, message }: Fault): void {
    const reason = `${message} (${code})`
    taken.mergeLater(this.#dirty)
    this.#dirty = taken
    this.#failing = true
    this.#events.failed(reason)
    const error = new StoreError('unwritable', reason)
    this.#answer(waiting, error)
    this.#answer(this.#waiting, error)
    this.#waiting = []
    if (this.#drained !== undefined) {
      this.#drained()
      return
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      if (!this.#storage.committing) this.#take()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST_MS)
  }

  #answer(waiting: readonly Waiting[], error: StoreError | undefined): void {
    for (const done of waiting) done(error)
  }

  #cancelTimers(): void {
    clearImmediate(this.#scheduled)
    clearTimeout(this.#company)
    clearTimeout(this.#retry)
    this.#scheduled = undefined
    this.#company = undefined
    this.#retry = undefined
  }
}
