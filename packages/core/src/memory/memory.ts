import {
  State,
  type Change,
  type Counter,
  type Entry,
  type Facts,
  type Job,
  type Kind,
  type NewJob,
  type Position,
  type Priority,
  type Records,
  type Seq,
  type TimedState,
} from '../types.ts'
import type { Journal } from './journal.ts'
import type { Lane } from './lane.ts'
import { Queues } from './queues.ts'
import { Reservations } from './reservations.ts'
import { NumberRing } from './ring.ts'
import { QueueIds, TimedSet } from './timed-set.ts'

type Tables = { [K in Kind]: Map<string, Records[K]> }

/**
 * The facts that both engines decide over: an engine reads them through `Facts`, gives each
 * decision's changes to `apply`, and hears through `Journal` what its disk has to follow.
 */
export class Memory implements Facts {
  now = 0
  random = 0
  lastSeq: Seq = 0

  readonly #journal: Journal
  readonly #queues: Queues
  readonly #ids = new QueueIds()
  readonly #reserved = new Reservations()
  readonly #timed: { readonly [S in TimedState]: TimedSet }
  readonly #removed = new NumberRing()
  /** Told by the engine, where this memory does not hold every reservation. */
  readonly #held = new Map<string, number>()
  readonly #tables: Tables = { queue: new Map(), worker: new Map(), note: new Map() }
  readonly #counters: Record<Counter, number> = { processed: 0, failures: 0 }

  /** @param budgetBytes what whole waiting jobs may take together before the rest stay on disk */
  constructor(journal: Journal, budgetBytes: number) {
    this.#journal = journal
    this.#queues = new Queues(budgetBytes, (lane) => this.#journal.wanted(lane))
    this.#timed = {
      [State.Scheduled]: new TimedSet(State.Scheduled, this.#ids),
      [State.Retry]: new TimedSet(State.Retry, this.#ids),
      [State.Dead]: new TimedSet(State.Dead, this.#ids),
    }
  }

  // ---- facts

  head(queue: string): Job | undefined {
    return this.#queues.head(queue)
  }

  loading(queue: string): boolean {
    const lane = this.#queues.first(queue)
    return lane !== undefined && lane.first() === undefined
  }

  reserved(jid: string, wid: string): Job | undefined {
    return this.#reserved.find(jid, wid)
  }

  due(set: TimedState, until: number, limit: number): Entry[] {
    return this.#timed[set].due(until, limit)
  }

  lapsed(until: number, limit: number): Job[] {
    return this.#reserved.lapsed(until, limit)
  }

  nextAt(set: TimedState | typeof State.Reserved): number | undefined {
    return set === State.Reserved ? this.#reserved.firstAt() : this.#timed[set].firstAt()
  }

  entry(set: TimedState | typeof State.Reserved, at: number, seq: Seq): Entry | undefined {
    return set === State.Reserved ? this.#reserved.get(at, seq) : this.#timed[set].get(at, seq)
  }

  waiting(queue: string, priority: Priority, seq: Seq): Entry | undefined {
    return this.#queues.find(queue, priority, seq)
  }

  removed(limit: number): Seq[] {
    const seqs: Seq[] = []
    for (let i = 0; i < Math.min(limit, this.#removed.length); i += 1)
      seqs.push(this.#removed.at(i))
    return seqs
  }

  held(wid: string): number {
    return this.#held.get(wid) ?? this.#reserved.held(wid)
  }

  record<K extends Kind>(kind: K, key: string): Records[K] | undefined {
    return this.#table(kind).get(key)
  }

  records<K extends Kind>(kind: K): Iterable<[string, Records[K]]> {
    return this.#table(kind)
  }

  // ---- sizes

  queueSize(queue: string): number {
    return this.#queues.size(queue)
  }

  setSize(set: TimedState | typeof State.Reserved): number {
    return set === State.Reserved ? this.#reserved.size : this.#timed[set].length
  }

  total(counter: Counter): number {
    return this.#counters[counter]
  }

  /** All jobs of a set by stable keys, by (at, seq). */
  timed(set: TimedState): { seq: Float64Array; at: Float64Array } {
    return this.#timed[set].all()
  }

  /** Reserved jobs of a jid, newest first. */
  reservedOf(jid: string): readonly Job[] {
    return this.#reserved.all(jid)
  }

  reservations(): Iterable<Job> {
    return this.#reserved
  }

  /** The lanes of a queue that hold jobs, highest priority first. */
  lanes(queue: string): Lane[] {
    return this.#queues.lanes(queue)
  }

  // ---- pages

  /**
   * Seqs of waiting jobs in the order of fetching, or against it.
   * @param after only past this one: its priority and seq
   */
  waitingAfter(
    queue: string,
    after: Position | undefined,
    limit: number,
    reversed: boolean,
  ): readonly Seq[] {
    return this.#queues.seqsAfter(queue, after, limit, reversed)
  }

  /** How many jobs of a queue are fetched before a place in it. */
  waitingBefore(queue: string, place: Position): number {
    return this.#queues.before(queue, place)
  }

  /** Seqs of a set by (at, seq), or against it. @param after only past this one: its at and seq */
  timedAfter(
    set: TimedState | typeof State.Reserved,
    after: Position | undefined,
    limit: number,
    reversed: boolean,
  ): readonly Seq[] {
    const source = set === State.Reserved ? this.#reserved : this.#timed[set]
    return source.seqsAfter(after, limit, reversed)
  }

  /** How many jobs each worker holds, by wid. */
  heldBy(): ReadonlyMap<string, number> {
    return this.#reserved.heldBy()
  }

  // ---- changes

  /**
   * Takes a decision's changes, all of them.
   * @returns the queues that jobs entered
   */
  apply(changes: readonly Change[]): string[] {
    const entered: string[] = []
    for (const change of changes) {
      switch (change.do) {
        case 'insert':
          this.#insert(change.job, change.state, change.at, change.wid ?? '')
          if (change.state === State.Queued) entered.push(change.job.queue)
          break
        case 'move':
          this.#move(change.job, change.state, change.at, change.wid, change.extra)
          if (change.state === State.Queued) entered.push(change.job.queue)
          break
        case 'drop':
          this.#leave(change.job)
          this.#journal.dropped(change.job.seq)
          break
        case 'sweep':
          this.#removed.drop(change.seqs.length)
          for (const seq of change.seqs) this.#journal.dropped(seq)
          break
        case 'put':
          if (change.kind === 'queue') this.#detach(change.key, change.value.removedTo)
          this.#put(change.kind, change.key, change.value)
          break
        case 'del':
          this.#tables[change.kind].delete(change.key)
          this.#journal.deleted(change.kind, change.key)
          break
        case 'add':
          this.#counters[change.counter] += change.n
          this.#journal.counted(change.counter, this.#counters[change.counter])
          break
        case 'flush':
          this.#flush()
          break
      }
    }
    return entered
  }

  /**
   * The next cold jobs of a lane have come. They must be its first cold seqs, in order; fewer than
   * asked for is fine, none means that they cannot be had yet.
   */
  warmed(lane: Lane, jobs: readonly Job[]): void {
    this.#queues.warmed(lane, jobs)
  }

  /** How many cold jobs a lane should be given at a time. */
  warmLimit(): number {
    return this.#queues.warmLimit()
  }

  // ---- loading from disk, before any decision

  loadLane(queue: string, priority: Priority, seqs: ArrayLike<number>): void {
    this.#queues.load(queue, priority, seqs)
  }

  /** One job or entry as it is, for an engine whose memory holds no more than a group needs. */
  load(entry: Entry): void {
    switch (entry.state) {
      case State.Queued:
        this.#queues.add(entry)
        break
      case State.Reserved:
        if (!isJob(entry)) throw new Error(`job ${entry.seq} was reserved without its payload`)
        this.#reserved.add(entry)
        break
      default:
        this.#timed[entry.state].add(entry)
    }
  }

  loadHeld(wid: string, count: number): void {
    this.#held.set(wid, count)
  }

  loadReserved(job: Job): void {
    this.#reserved.add(job)
  }

  /** Times must come sorted by (at, seq). */
  loadTimed(
    set: TimedState,
    at: Float64Array,
    seq: Float64Array,
    queueAndPriority: (i: number) => { queue: string; priority: Priority },
  ): void {
    const tag = new Int32Array(seq.length).map((_, i) => {
      const { queue, priority } = queueAndPriority(i)
      return this.#ids.id(queue) * 16 + priority
    })
    this.#timed[set].append(at, seq, tag)
  }

  loadRemoved(seqs: ArrayLike<number>): void {
    this.#removed.append(seqs)
  }

  loadRecord<K extends Kind>(kind: K, key: string, value: Records[K]): void {
    this.#table(kind).set(key, value)
  }

  loadCounter(counter: Counter, total: number): void {
    this.#counters[counter] = total
  }

  // ---- inside

  #table<K extends Kind>(kind: K): Map<string, Records[K]> {
    return this.#tables[kind]
  }

  #put<K extends Kind>(kind: K, key: string, value: Records[K]): void {
    this.#table(kind).set(key, value)
    this.#journal.put(kind, key, value)
  }

  #insert(fresh: NewJob, state: State, at: number, wid: string): void {
    const job: Job = {
      seq: (this.lastSeq += 1),
      queue: fresh.queue,
      priority: fresh.priority,
      state,
      at,
      jid: fresh.jid,
      wid,
      payload: fresh.payload,
      extra: fresh.extra,
    }
    this.#journal.inserted(job)
    this.#enter(job)
  }

  #move(
    entry: Entry,
    state: State,
    at: number,
    wid: string,
    extra: Job['extra'] | undefined,
  ): void {
    const before = entry.seq
    this.#leave(entry)
    if (state === State.Queued) entry.seq = this.lastSeq += 1
    entry.state = state
    entry.at = at
    const whole = isJob(entry)
    if (whole) {
      entry.wid = wid
      if (extra !== undefined) entry.extra = extra
    }
    this.#journal.moved(entry, before, whole)
    this.#enter(entry)
  }

  #enter(entry: Entry): void {
    this.load(entry)
    if (entry.state !== State.Queued) this.#journal.timed(entry.at)
  }

  #leave(entry: Entry): void {
    switch (entry.state) {
      case State.Queued:
        this.#queues.remove(entry)
        break
      case State.Reserved:
        if (!isJob(entry)) throw new Error(`job ${entry.seq} is reserved without its payload`)
        this.#reserved.remove(entry)
        break
      default:
        if (!this.#timed[entry.state].remove(entry.at, entry.seq)) {
          throw new Error(`job ${entry.seq} is not where it should be (state ${entry.state})`)
        }
    }
  }

  /** Takes all waiting jobs up to a seq out of a queue; their rows go later, in slices. */
  #detach(name: string, removedTo: Seq): void {
    if (removedTo <= (this.#tables.queue.get(name)?.removedTo ?? 0)) return
    this.#journal.timed(this.now)
    for (const seqs of this.#queues.detach(name)) this.#removed.append(seqs)
  }

  #flush(): void {
    this.#queues.clear()
    this.#reserved.clear()
    for (const set of Object.values(this.#timed)) set.clear()
    this.#removed.drop(this.#removed.length)
    this.#tables.queue.clear()
    this.#tables.note.clear()
    this.#counters.processed = 0
    this.#counters.failures = 0
    this.#journal.flushed()
  }
}

/** Whether an entry has its payload with it. */
export function isJob(entry: Entry): entry is Job {
  return 'payload' in entry
}
