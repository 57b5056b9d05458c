import {
  State,
  type EntryKey,
  type Job,
  type Kind,
  type Position,
  type Priority,
  type Records,
  type Rule,
  type Seq,
  type TimedState,
  type WaitingKey,
} from '@jobmill/core'
import type { JobFilter } from '../filter/filter.ts'

/** `reply` unless `error` is given: a StoreError, with nothing promised to the peer. */
export type Done<R> = (reply: R, error?: StoreError) => void

/** Why a store did not take a write. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /**
   * `unwritable`: the last commit failed; `loading`: not all data is read yet; `away`: the database
   * did not take it, and the message says what is known of it; `closed`.
   */
  readonly code: 'unwritable' | 'loading' | 'away' | 'closed'

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Counts, as they are at one moment. */
export interface Stats {
  /** Waiting jobs by queue, for every known queue, empty and paused ones too. */
  readonly queues: ReadonlyMap<string, number>
  readonly scheduled: number
  readonly retries: number
  readonly dead: number
  readonly working: number
  readonly processed: number
  readonly failures: number
  readonly workers: number
  /** The seq that was given last: what has a larger one came later. */
  readonly lastSeq: Seq
}

/** Whether the store works, for probes and the log. */
export type StoreHealth =
  | { readonly state: 'ready' }
  | { readonly state: 'loading'; readonly percent: number }
  | { readonly state: 'unwritable'; readonly reason: string }
  | { readonly state: 'closed' }

/** Where jobs are listed: a queue's waiting ones, or all of another state. */
export type Place =
  | { readonly state: typeof State.Queued; readonly queue: string }
  | { readonly state: TimedState | typeof State.Reserved }

export function positionOf(job: Pick<Job, 'state' | 'priority' | 'at' | 'seq'>): Position {
  return { key: job.state === State.Queued ? job.priority : job.at, seq: job.seq }
}

export interface ListQuery {
  readonly place: Place
  /** Against the order of the place. */
  readonly reversed: boolean
  /** Only jobs past this one, in the direction of the list. */
  readonly after?: Position
  readonly limit: number
  readonly filter?: JobFilter
  /** How long a search may look before it gives what it has, ms. */
  readonly budgetMs: number
}

export interface Listing {
  readonly jobs: readonly Job[]
  /** Where the rest begins; undefined when there is none. */
  readonly next: Position | undefined
  /** Jobs that were looked at. */
  readonly searched: number
}

/** What is known of one queue. */
export interface QueueFacts {
  readonly name: string
  readonly known: boolean
  readonly paused: boolean
  readonly size: number
  /** Waiting jobs by priority: index 1 to 9. */
  readonly byPriority: readonly number[]
  /** When the longest waiting job was enqueued, epoch ms; undefined when none waits. */
  readonly oldestAtMs: number | undefined
}

/** Jobs of one jid, and whether all waiting jobs were looked at within the time given. */
export interface Found {
  readonly jobs: readonly Job[]
  readonly complete: boolean
}

/** Jobs of a place, in order of seq: `key[i]`, as of a Position, belongs to `seq[i]`. */
export interface Selection {
  readonly seq: Float64Array
  readonly key: Float64Array
}

/** A backup that was written and verified. */
export interface Backup {
  readonly bytes: number
  readonly jobs: number
  /** What `jobmill check` would say of single jobs, a sentence each; they are in it as they were. */
  readonly problems: readonly string[]
  /** How long it took. */
  readonly ms: number
}

/** The seam: an engine knows data, not features. */
export interface Store {
  /**
   * Decides and applies a rule, and calls `done` within the call or after the commit, as the rule's
   * `answers` says. Never throws for what the store cannot do: `done` gets a StoreError.
   */
  run<I, R>(rule: Rule<I, R>, input: I, done: Done<R>): void
  /** Jobs can be fetched from these queues that could not before, from any server. */
  onQueued(wake: (queues: readonly string[]) => void): void
  /** Something falls due at this time (epoch ms), earlier than all that was there before. */
  onTimed(wake: (atMs: number) => void): void
  onHealth(changed: (health: StoreHealth) => void): void
  health(): StoreHealth
  /** Rejects with a StoreError while data is loading; so do all that follow. */
  stats(): Promise<Stats>
  /** Seconds since the oldest waiting job of a queue was enqueued; 0 when it is empty or unknown. */
  latency(queue: string): Promise<number>
  records<K extends Kind>(kind: K): Promise<readonly [string, Records[K]][]>
  /** All known queues, and those that are paused, by name. */
  queues(): Promise<readonly QueueFacts[]>
  /** How many jobs each worker holds, by wid. */
  held(): Promise<ReadonlyMap<string, number>>
  /** Jobs of a place in its order, a page at a time; never more work than the page and the budget. */
  list(query: ListQuery): Promise<Listing>
  /** How many jobs of a queue are fetched before this place in it. */
  ahead(queue: string, place: Position): Promise<number>
  /** All jobs of a jid, wherever they are. */
  find(jid: string, budgetMs: number): Promise<Found>
  /** All jobs of a place that fit, by stable keys, for slices of a rule. */
  select(place: Place, filter: JobFilter): Promise<Selection>
  /**
   * Writes all that was acknowledged until now to a new file, while commands go on. Rejects when there
   * is none afterwards; the message says what to do.
   */
  backup(to: string): Promise<Backup>
  /** Resolves when commands are taken: at once, data may still be loading (`health`). */
  open(): Promise<void>
  /** Commits what waits, then lets go of the data. */
  close(): Promise<void>
}

/** Runs a rule. Rejects with a StoreError when the store does not take it. */
export function runRule<I, R>(store: Pick<Store, 'run'>, rule: Rule<I, R>, input: I): Promise<R> {
  return new Promise((resolve, reject) => {
    store.run(rule, input, (reply, error) => {
      if (error === undefined) resolve(reply)
      else reject(error)
    })
  })
}

/** One slice of a selection, as a rule takes it. */
export function sliceOf({ seq, key }: Selection, from: number, limit: number): EntryKey[] {
  const keys: EntryKey[] = []
  for (let i = from; i < Math.min(from + limit, seq.length); i += 1) {
    keys.push({ seq: seq[i] ?? 0, at: key[i] ?? 0 })
  }
  return keys
}

/** The same for a queue. */
export function waitingSliceOf(
  selection: Selection,
  queue: string,
  from: number,
  limit: number,
): WaitingKey[] {
  return sliceOf(selection, from, limit).map(({ seq, at }) => ({
    queue,
    // The engine's own, from a row.
    priority: at as Priority,
    seq,
  }))
}
