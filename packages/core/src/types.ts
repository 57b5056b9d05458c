import type { Failure } from '@jobmill/protocol'

/**
 * A job's row and its place: a positive integer, unique, in order of arrival in its place. What
 * enters a queue takes a new one (it goes to the back), so records name jobs by jid, never by seq.
 */
export type Seq = number

/** Where a job is: exactly one of these at any instant. The numbers are stored. */
export const State = { Queued: 0, Reserved: 1, Scheduled: 2, Retry: 3, Dead: 4 } as const
export type State = (typeof State)[keyof typeof State]

/** The sets that are ordered by time and hold jobs that no worker may fetch. */
export type TimedState = typeof State.Scheduled | typeof State.Retry | typeof State.Dead

/** 9 is handed out first; within one priority the oldest first. Source: docs/protocol.md, "Priority". */
export type Priority = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

export const DEFAULT_PRIORITY: Priority = 5

/** What memory must know of every job, whether its payload is in memory or on disk. */
export interface Entry {
  /** Changes when the job enters a queue. */
  seq: Seq
  readonly queue: string
  readonly priority: Priority
  state: State
  /** Epoch ms, whole: when it was enqueued, falls due, lapses or died, by `state`. */
  at: number
}

/** A job with all that it carries. */
export interface Job extends Entry {
  readonly jid: string
  /** The worker that holds it while reserved, else ''. */
  wid: string
  /**
   * The job as one JSON object, the client's bytes of `args` and `custom` in it, never changed after
   * the push. What the server adds later (`enqueued_at`, `failure`) is spliced in when handed out.
   */
  readonly payload: string
  /** null for a plain job: retry 25, default reservation, never failed. */
  extra: Extra | null
}

/** What a job carries beside its payload. Absent means the default. */
export interface Extra {
  /** Automatic attempts after the first; 0 discards at the first failure, below 0 kills. Absent: 25. */
  readonly retry?: number
  /** Seconds, as the client wrote it; clamped when reserved. Absent: 1800. */
  readonly reserveForS?: number
  readonly failure?: Failure
}

/** A job that enters the store; its seq is given by the store. */
export interface NewJob {
  readonly jid: string
  readonly queue: string
  readonly priority: Priority
  readonly payload: string
  readonly extra: Extra | null
}

/** A queue that has been enqueued to, or paused. */
export interface QueueRecord {
  /** Listed to people and in INFO: from the first enqueue until the queue is removed. */
  readonly known: boolean
  readonly paused: boolean
  /** All of its waiting jobs up to this seq are removed; 0 for none. The rows go in slices. */
  readonly removedTo: Seq
}

export const WorkerState = { Running: 'running', Quiet: 'quiet', Terminate: 'terminate' } as const
export type WorkerState = (typeof WorkerState)[keyof typeof WorkerState]

/** A consumer process, named by its wid. Not kept over a restart: workers announce themselves again. */
export interface WorkerRecord {
  readonly hostname: string
  readonly pid: number
  readonly labels: readonly string[]
  /** Where its newest connection came from, address and port; behind a front, the true one. */
  readonly address: string
  /** Only ever advances: running → quiet → terminate. */
  readonly state: WorkerState
  readonly startedAtMs: number
  /** Last BEAT; the HELLO that made the entry counts as the first. */
  readonly beatAtMs: number
  /** A BEAT was received, so silence means something. */
  readonly beats: boolean
  readonly rssKb: number
  /** Open connections that named this wid; 0 while its quiet state is still remembered. */
  readonly connections: number
  /** When the last connection closed; 0 while any is open. */
  readonly goneAtMs: number
}

/** Something that a part of the server keeps with the data, in a form of its own. */
export interface NoteRecord {
  readonly text: string
}

export interface Records {
  queue: QueueRecord
  worker: WorkerRecord
  note: NoteRecord
}
export type Kind = keyof Records

/** All-time sums, kept with the data. */
export type Counter = 'processed' | 'failures'

/** What a decision may read. Synchronous in every engine. */
export interface Facts {
  /** Epoch ms. */
  readonly now: number
  /** Uniform in [0, 1), fresh for each decision. */
  readonly random: number
  /** The next job of a queue: highest priority, then oldest. Undefined while `loading`. */
  head(queue: string): Job | undefined
  /** The queue has a next job, which is on its way from the disk: wait for it, take no other. */
  loading(queue: string): boolean
  /**
   * One reserved job of this jid. Two jobs may carry one jid: then of those that `wid` holds the
   * newest, else the newest of all.
   */
  reserved(jid: string, wid: string): Job | undefined
  /** The first of a set whose `at` is not after `until`, by (at, seq). */
  due(set: TimedState, until: number, limit: number): Entry[]
  /** Reservations whose `at` is not after `until`, by (at, seq). */
  lapsed(until: number, limit: number): Job[]
  /** The smallest `at` of a set, or undefined when it is empty. */
  nextAt(set: TimedState | typeof State.Reserved): number | undefined
  /** A job of a set, if it is still there. */
  entry(set: TimedState | typeof State.Reserved, at: number, seq: Seq): Entry | undefined
  /** A waiting job, if it is still there; without its payload, and `at` 0, when that is on disk. */
  waiting(queue: string, priority: Priority, seq: Seq): Entry | undefined
  /** Rows of removed queues that still have to go, oldest first. */
  removed(limit: number): Seq[]
  /** How many jobs a worker holds. */
  held(wid: string): number
  /** The seq that was given last. */
  readonly lastSeq: Seq
  record<K extends Kind>(kind: K, key: string): Records[K] | undefined
  /** All of a kind; small ones only (queues, workers). */
  records<K extends Kind>(kind: K): Iterable<[string, Records[K]]>
}

/** One thing that a decision asks the store to do. Closed: a new feature adds rules and records. */
export type Change =
  | {
      readonly do: 'insert'
      readonly job: NewJob
      readonly state: State
      readonly at: number
      /** The worker that holds it; absent: none. */
      readonly wid?: string
    }
  | {
      readonly do: 'move'
      readonly job: Entry
      readonly state: State
      readonly at: number
      /** The worker that holds it, '' unless `state` is Reserved. */
      readonly wid: string
      /** Absent: as it was. */
      readonly extra?: Extra
    }
  | { readonly do: 'drop'; readonly job: Entry }
  /** Rows of removed queues, which no lane names any more. */
  | { readonly do: 'sweep'; readonly seqs: readonly Seq[] }
  | PutChange
  | { readonly do: 'del'; readonly kind: Kind; readonly key: string }
  | { readonly do: 'add'; readonly counter: Counter; readonly n: number }
  /** All jobs, counters and records but the workers. */
  | { readonly do: 'flush' }

export type PutChange = {
  [K in Kind]: {
    readonly do: 'put'
    readonly kind: K
    readonly key: string
    readonly value: Records[K]
  }
}[Kind]

/** What a rule wants loaded. Only engines that hold no facts of their own ask for it. */
export interface Needs {
  /** One job from the first of these queues that has one, which becomes reserved. */
  readonly take?: {
    readonly queues: readonly string[]
    readonly wid: string
    /** How many jobs of a queue may be handed out as things are: no more need be loaded. */
    room(facts: Facts, queue: string): number
  }
  /** A reserved jid that is most likely dropped. The job may come without its payload. */
  readonly settles?: { readonly jid: string; readonly wid: string }
  /** Reserved jids that are most likely kept. */
  readonly reserved?: readonly { readonly jid: string; readonly wid: string }[]
  readonly due?: { readonly set: TimedState; readonly until: number; readonly limit: number }
  readonly lapsed?: { readonly until: number; readonly limit: number }
  readonly entries?: {
    readonly set: TimedState | typeof State.Reserved
    readonly keys: readonly EntryKey[]
  }
  readonly waiting?: readonly WaitingKey[]
  readonly removed?: number
  /** A worker whose number of jobs counts. */
  readonly held?: string
  readonly lastSeq?: true
  /** It changes all that there is: nothing else is decided beside it. */
  readonly everything?: true
  readonly records?: readonly { readonly kind: Kind; readonly key: string }[]
  readonly allRecords?: readonly Kind[]
}

/** Names a job of a set as it was when it was looked for. */
export interface EntryKey {
  readonly at: number
  readonly seq: Seq
}

/**
 * A job's spot in the order of its place: a queue is in order of priority (9 first), then seq, all
 * else of time, then seq.
 */
export interface Position {
  /** The priority in a queue, elsewhere `at`, epoch ms. */
  readonly key: number
  readonly seq: Seq
}

/** Names a waiting job. */
export interface WaitingKey {
  readonly queue: string
  readonly priority: Priority
  readonly seq: Seq
}

export interface Decision<R> {
  readonly reply: R
  readonly changes: readonly Change[]
}

/**
 * When a reply may leave: `now` at once (what is lost in a crash runs again, as at-least-once
 * allows), `acknowledge` at once unless durability is strict, `committed` after the commit.
 */
export type Answers = 'now' | 'acknowledge' | 'committed'

/** One rule of a job's life: pure, the same for every engine. */
export interface Rule<I, R> {
  readonly name: string
  needs(input: I): Needs
  /** Reads what was before it; the engine applies its changes after it returned. */
  decide(facts: Facts, input: I): Decision<R>
  readonly answers: Answers
  /** It touches workers alone: goes on while data is loading or cannot be written. */
  readonly workersOnly?: true
}
