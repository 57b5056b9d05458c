import type { EntryKey, Kind, Records, Rule, State, TimedState } from '@jobmill/core'

/** `reply` unless `error` is given: a StoreError, with nothing promised to the peer. */
export type Done<R> = (reply: R, error?: StoreError) => void

/** Why a store did not take a write. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** `unwritable`: the last commit failed; `loading`: not all data is read yet; `closed`. */
  readonly code: 'unwritable' | 'loading' | 'closed'

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
}

/** Whether the store works, for probes and the log. */
export type StoreHealth =
  | { readonly state: 'ready' }
  | { readonly state: 'loading'; readonly percent: number }
  | { readonly state: 'unwritable'; readonly reason: string }
  | { readonly state: 'closed' }

/** Which jobs of a set a MUTATE means. Undefined members do not count. */
export interface Filter {
  /** When given, nothing else counts. */
  readonly jids?: readonly string[]
  readonly jobtype?: string
  /** A glob over the whole job as JSON in Faktory's member order. */
  readonly pattern?: string
}

/** Jobs of a timed set, in order of seq: `at[i]` belongs to `seq[i]`. */
export interface Selection {
  readonly seq: Float64Array
  readonly at: Float64Array
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
  /** Rejects with a StoreError while data is loading; so do `latency` and `select`. */
  stats(): Promise<Stats>
  /** Seconds since the oldest waiting job of a queue was enqueued; 0 when it is empty or unknown. */
  latency(queue: string): Promise<number>
  records<K extends Kind>(kind: K): Promise<readonly [string, Records[K]][]>
  /** The jobs of a set that fit, by stable keys, for slices of a rule. */
  select(set: TimedState | typeof State.Reserved, filter: Filter): Promise<Selection>
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

/** One slice of a selection, as a rule takes it. */
export function sliceOf(selection: Selection, from: number, limit: number): EntryKey[] {
  const keys: EntryKey[] = []
  for (let i = from; i < Math.min(from + limit, selection.seq.length); i += 1) {
    keys.push({ seq: selection.seq[i] ?? 0, at: selection.at[i] ?? 0 })
  }
  return keys
}
