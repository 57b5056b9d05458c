import type { Entry, Job, Priority, Seq } from '../types.ts'
import { NumberRing, Ring } from './ring.ts'

/** Withdrawn jobs are passed over until they are this many, and more than what is left. */
const GONE_MAX = 1024

/**
 * The waiting jobs of one queue and priority, oldest first: warm at the head (whole jobs), cold
 * behind (8 bytes each, the job lies on disk). Seqs grow along it.
 *
 *     fetch ◀─ warm: Job Job Job │ cold: seq seq seq seq ◀─ push
 *                                └─ the disk gives the next jobs before the warm part runs out
 *
 * A job that is withdrawn from the middle stays where it is, marked as gone, until the head passes it.
 */
export class Lane {
  readonly queue: string
  readonly priority: Priority
  /** The next cold jobs are on their way. */
  loading = false

  #warm = new Ring<Job>()
  #cold = new NumberRing()
  readonly #gone = new Set<Seq>()
  #goneWarm = 0

  constructor(queue: string, priority: Priority) {
    this.queue = queue
    this.priority = priority
  }

  get length(): number {
    return this.#warm.length + this.#cold.length - this.#gone.size
  }

  get warmLength(): number {
    return this.#warm.length - this.#goneWarm
  }

  get coldLength(): number {
    return this.length - this.warmLength
  }

  /** The next job, undefined when it is cold or there is none. */
  first(): Job | undefined {
    return this.#warm.first()
  }

  /** The seq of the next job; 0 when there is none. */
  firstSeq(): Seq {
    return this.first()?.seq ?? this.#cold.at(0)
  }

  push(job: Job): void {
    this.#warm.push(job)
  }

  pushCold(seq: Seq): void {
    this.#cold.push(seq)
  }

  appendCold(seqs: ArrayLike<number>): void {
    this.#cold.append(seqs)
  }

  /** Takes the next job off; only when it is warm. */
  shift(): Job | undefined {
    const job = this.#warm.shift()
    this.#passGone()
    return job
  }

  /**
   * The next cold jobs have come. They must be its first cold seqs, in order; what was withdrawn
   * meanwhile is passed over.
   * @returns those that are warm now
   */
  warmed(jobs: readonly Job[]): Job[] {
    const taken: Job[] = []
    for (const job of jobs) {
      const first = this.#cold.at(0)
      if (first !== 0 && first < job.seq) break
      if (first !== job.seq) continue
      this.#warm.push(job)
      taken.push(job)
      this.#cold.drop(1)
      this.#passGone()
    }
    return taken
  }

  /** Lets go of all jobs: what still comes from the disk for this lane finds no place. */
  clear(): void {
    this.#warm = new Ring()
    this.#cold = new NumberRing()
    this.#gone.clear()
    this.#goneWarm = 0
  }

  /** The first cold seqs, at most `limit`. */
  nextCold(limit: number): Seq[] {
    const seqs: Seq[] = []
    for (let i = 0; seqs.length < limit && i < this.#cold.length; i += 1) {
      const seq = this.#cold.at(i)
      if (!this.#gone.has(seq)) seqs.push(seq)
    }
    return seqs
  }

  /** The job of a seq if it waits here: whole when it is warm, true when it is cold. */
  find(seq: Seq): Job | boolean {
    if (this.#gone.has(seq)) return false
    const i = this.#indexFrom(seq)
    if (this.#seqAt(i) !== seq) return false
    return i < this.#warm.length ? (this.#warm.at(i) ?? false) : true
  }

  /** How many wait here before a seq. */
  before(seq: Seq): number {
    let gone = 0
    for (const other of this.#gone) if (other < seq) gone += 1
    return this.#indexFrom(seq) - gone
  }

  /** Takes a job out from anywhere; it must wait here. */
  withdraw({ seq }: Pick<Entry, 'seq'>): void {
    this.#gone.add(seq)
    if (seq <= (this.#warm.last()?.seq ?? 0)) this.#goneWarm += 1
    this.#passGone()
    if (this.length === 0) this.clear()
    else if (this.#gone.size > GONE_MAX && this.#gone.size > this.length) this.#compact()
  }

  /** Every seq of the lane, oldest first. */
  seqs(): Float64Array {
    const all = new Float64Array(this.length)
    const total = this.#warm.length + this.#cold.length
    let n = 0
    for (let i = 0; i < total; i += 1) {
      const seq = this.#seqAt(i)
      if (!this.#gone.has(seq)) all[n++] = seq
    }
    return all
  }

  /** The seqs beyond one, in order or against it, at most `limit`. @param seq 0: from the end */
  seqsAfter(seq: Seq, limit: number, reversed: boolean): Seq[] {
    const found: Seq[] = []
    const total = this.#warm.length + this.#cold.length
    const step = reversed ? -1 : 1
    let i: number
    if (reversed) i = (seq === 0 ? total : this.#indexFrom(seq)) - 1
    else i = seq === 0 ? 0 : this.#indexFrom(seq + 1)
    for (; i >= 0 && i < total && found.length < limit; i += step) {
      const at = this.#seqAt(i)
      if (!this.#gone.has(at)) found.push(at)
    }
    return found
  }

  /** The warm jobs. */
  *warmJobs(): Generator<Job> {
    for (const job of this.#warm) if (!this.#gone.has(job.seq)) yield job
  }

  #seqAt(i: number): Seq {
    if (i < this.#warm.length) return this.#warm.at(i)?.seq ?? 0
    return this.#cold.at(i - this.#warm.length)
  }

  /** The first index whose seq is not before this one. */
  #indexFrom(seq: Seq): number {
    let low = 0
    let high = this.#warm.length + this.#cold.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#seqAt(middle) < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  /** No part begins with a job that is gone. */
  #passGone(): void {
    if (this.#gone.size === 0) return
    for (;;) {
      const job = this.#warm.first()
      if (job === undefined || !this.#gone.delete(job.seq)) break
      this.#warm.shift()
      this.#goneWarm -= 1
    }
    while (this.#cold.length > 0 && this.#gone.delete(this.#cold.at(0))) this.#cold.drop(1)
  }

  #compact(): void {
    const warm = [...this.warmJobs()]
    const cold = this.nextCold(this.#cold.length)
    this.clear()
    for (const job of warm) this.#warm.push(job)
    this.#cold.append(cold)
  }
}
