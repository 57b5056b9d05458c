import type { Position, Priority, Seq, State, TimedState } from '@jobmill/core'
import type { JobFilter } from '../../filter/filter.ts'
import type { Backup } from '../store.ts'

export type Durability = 'full' | 'strict' | 'relaxed'

/** What the storage thread is started with. */
export interface ThreadData {
  readonly folder: string
  readonly durability: Durability
}

/** Values of one row of `job`, in the order of its columns. Flat, for a structured clone is then cheap. */
export type Row = (string | number | null)[]

/**
 * All that differs from disk, for one commit. Lists are flat: `inserts` holds COLUMNS values a job;
 * the others are JSON texts for json_each, or undefined when there is nothing of the kind.
 */
export interface Batch {
  /** All jobs and records go first. */
  readonly flush: boolean
  readonly inserts: Row
  /** [[seq on disk, seq, state, at, wid]…] */
  readonly moves: string | undefined
  /** [[seq on disk, seq, state, at, wid, extra or null]…] */
  readonly moveAndExtras: string | undefined
  /** [seq…] */
  readonly drops: string | undefined
  /** [kind, key, JSON or null to delete]… flat */
  readonly records: (string | null)[]
}

export const COLUMNS = 9

export type ToThread =
  | { readonly do: 'load' }
  | { readonly do: 'commit'; readonly batch: Batch }
  | {
      readonly do: 'read'
      readonly id: number
      readonly seqs: readonly Seq[]
      readonly bytes: number
    }
  | { readonly do: 'close' }

/** Waiting jobs of one lane, by seq. */
export interface LoadedLane {
  readonly queue: string
  readonly priority: Priority
  readonly seqs: Float64Array
}

/** One timed set, sorted by (at, seq); `lane[i]` points into `lanes`. */
export interface LoadedSet {
  readonly set: TimedState
  readonly at: Float64Array
  readonly seq: Float64Array
  readonly lane: Int32Array
  readonly lanes: readonly { readonly queue: string; readonly priority: Priority }[]
}

/** A job as it lies on disk; `at` and `wid` too. */
export interface ReadJob {
  readonly seq: Seq
  readonly queue: string
  readonly priority: Priority
  readonly at: number
  readonly wid: string
  readonly jid: string
  readonly extra: string | null
  readonly payload: string
}

export type FromThread =
  | { readonly did: 'open' }
  | {
      readonly did: 'records'
      readonly rows: readonly [kind: string, key: string, value: string][]
    }
  | { readonly did: 'lanes'; readonly lanes: readonly LoadedLane[]; readonly percent: number }
  | { readonly did: 'reserved'; readonly jobs: readonly ReadJob[] }
  | { readonly did: 'set'; readonly set: LoadedSet }
  /** Rows that could not be placed went to a file of the data folder, or (undefined) stayed. */
  | { readonly did: 'aside'; readonly rows: number; readonly file: string | undefined }
  | { readonly did: 'load'; readonly lastSeq: Seq }
  | { readonly did: 'commit'; readonly fault: Fault | undefined }
  | { readonly did: 'read'; readonly id: number; readonly jobs: readonly ReadJob[] | undefined }
  | { readonly did: 'close' }
  /** The thread cannot go on: the data cannot be opened or read. */
  | { readonly did: 'fail'; readonly fault: Fault }

export interface Fault {
  /** SQLite's or the system's, e.g. SQLITE_FULL. */
  readonly code: string
  readonly message: string
}

/** What the reading thread is asked. */
export type Question =
  /** Only puts them in order of seq: a million would hold the event loop for a third of a second. */
  | { readonly do: 'sort'; readonly seq: Float64Array; readonly key: Float64Array }
  /** Jobs of a timed state, by the index. */
  | { readonly do: 'jids'; readonly state: State; readonly jids: readonly string[] }
  /** All of these that fit. */
  | {
      readonly do: 'match'
      readonly seqs: Float64Array
      readonly state: State
      readonly filter: JobFilter
      readonly nowMs: number
    }
  /** The first of these that fit, whole. */
  | {
      readonly do: 'scan'
      readonly seqs: Float64Array
      readonly state: State
      readonly filter: JobFilter
      readonly nowMs: number
      readonly limit: number
      readonly budgetMs: number
    }
  /** Jobs of a jid that are not reserved. */
  | { readonly do: 'find'; readonly jid: string; readonly budgetMs: number }

export type ToReader = { readonly id: number; readonly ask: Question } | { readonly do: 'close' }

/** Rows by stable keys, `key` as of a Position. */
export interface Keys {
  readonly seq: Float64Array
  readonly key: Float64Array
}

export interface Rows {
  readonly rows: readonly StateRow[]
  /** How many of the rows given were looked at; 0 for a jid. */
  readonly searched: number
  /** The last of those that was still there. */
  readonly last: Position | undefined
  /** All were looked at. */
  readonly complete: boolean
}

export interface StateRow extends ReadJob {
  readonly state: State
}

export interface FromReader {
  readonly id: number
  readonly answer: Keys | Rows | Fault
}

/** What the backup's process says at its end. */
export type FromBackup =
  | { readonly did: 'backup'; readonly backup: Backup }
  | { readonly did: 'fail'; readonly message: string }
