import { State, type Entry, type Job, type Position, type Priority, type Seq } from '../types.ts'
import { Lane } from './lane.ts'

/** Below so many warm jobs a lane asks for more. */
const WARM_MIN = 256
/** What a warm job costs beside its payload, in bytes (measured: docs/performance.md). */
const JOB_BYTES = 300

/** One queue's lanes, by priority. */
interface Queue {
  readonly lanes: (Lane | undefined)[]
  /** Bit p is set while lane p holds jobs. */
  mask: number
  size: number
}

const bytesOf = (job: Job): number => job.payload.length + JOB_BYTES

/** All waiting jobs: per queue a lane a priority, the best found by one bit operation. */
export class Queues {
  readonly #budgetBytes: number
  readonly #want: (lane: Lane) => void
  readonly #queues = new Map<string, Queue>()
  #warmBytes = 0

  /**
   * @param budgetBytes what whole jobs may take together before the rest stay on disk
   * @param want a lane's next cold jobs are to be brought
   */
  constructor(budgetBytes: number, want: (lane: Lane) => void) {
    this.#budgetBytes = budgetBytes
    this.#want = want
  }

  /** The lane of the next job, undefined when none waits. */
  first(queue: string): Lane | undefined {
    const found = this.#queues.get(queue)
    if (found === undefined || found.mask === 0) return undefined
    return found.lanes[31 - Math.clz32(found.mask)]
  }

  /** The next job; undefined when none waits, or it is on its way from the disk. */
  head(queue: string): Job | undefined {
    const lane = this.first(queue)
    if (lane === undefined) return undefined
    if (lane.first() === undefined) this.#ask(lane)
    return lane.first()
  }

  find(queue: string, priority: Priority, seq: Seq): Entry | undefined {
    const found = this.#queues.get(queue)?.lanes[priority]?.find(seq) ?? false
    if (typeof found === 'object') return found
    return found ? { seq, queue, priority, state: State.Queued, at: 0 } : undefined
  }

  size(queue: string): number {
    return this.#queues.get(queue)?.size ?? 0
  }

  /** The lanes of a queue that hold jobs, highest priority first. */
  lanes(queue: string): Lane[] {
    const found = this.#queues.get(queue)?.lanes ?? []
    return found.filter((lane) => lane !== undefined && lane.length > 0).reverse() as Lane[]
  }

  /**
   * Seqs of a queue in the order of fetching, or against it.
   * @param after only past this one @param limit at most so many
   */
  seqsAfter(queue: string, after: Position | undefined, limit: number, reversed: boolean): Seq[] {
    const lanes = this.lanes(queue)
    if (reversed) lanes.reverse()
    const found: Seq[] = []
    for (const lane of lanes) {
      if (found.length >= limit) break
      const passed =
        after === undefined ? 0 : reversed ? lane.priority - after.key : after.key - lane.priority
      if (passed < 0) continue
      const from = passed === 0 ? (after?.seq ?? 0) : 0
      for (const seq of lane.seqsAfter(from, limit - found.length, reversed)) found.push(seq)
    }
    return found
  }

  /** How many jobs of a queue are fetched before a place in it. */
  before(queue: string, { key, seq }: Position): number {
    let count = 0
    for (const lane of this.lanes(queue)) {
      if (lane.priority > key) count += lane.length
      else if (lane.priority === key) count += lane.before(seq)
    }
    return count
  }

  add(entry: Entry): void {
    const queue = this.#queue(entry.queue)
    const lane = this.#lane(queue, entry)
    queue.mask |= 1 << entry.priority
    queue.size += 1
    if ('payload' in entry && lane.coldLength === 0 && this.#warmBytes <= this.#budgetBytes) {
      const job = entry as Job
      this.#warmBytes += bytesOf(job)
      lane.push(job)
    } else {
      lane.pushCold(entry.seq)
    }
  }

  /** Takes a job out, most often the next one. Throws when it does not wait. */
  remove(entry: Entry): void {
    const queue = this.#queue(entry.queue)
    const lane = this.#lane(queue, entry)
    const head = lane.first()
    const job = head?.seq === entry.seq ? head : lane.find(entry.seq)
    if (job === false) throw new Error(`job ${entry.seq} does not wait in ${entry.queue}`)
    if (job === head) lane.shift()
    else lane.withdraw(entry)
    if (typeof job === 'object') this.#warmBytes -= bytesOf(job)
    queue.size -= 1
    if (lane.length === 0) queue.mask &= ~(1 << entry.priority)
    else if (lane.warmLength < WARM_MIN && lane.coldLength > 0) this.#ask(lane)
  }

  /** Forgets a queue. @returns the seqs of its jobs, lane by lane */
  detach(name: string): Float64Array[] {
    const queue = this.#queues.get(name)
    this.#queues.delete(name)
    const all: Float64Array[] = []
    for (const lane of queue?.lanes ?? []) {
      if (lane === undefined) continue
      for (const job of lane.warmJobs()) this.#warmBytes -= bytesOf(job)
      all.push(lane.seqs())
      lane.clear()
    }
    return all
  }

  clear(): void {
    for (const { lanes } of this.#queues.values()) for (const lane of lanes) lane?.clear()
    this.#queues.clear()
    this.#warmBytes = 0
  }

  /** The next cold jobs of a lane have come; none: they cannot be had yet. */
  warmed(lane: Lane, jobs: readonly Job[]): void {
    lane.loading = false
    for (const job of lane.warmed(jobs)) this.#warmBytes += bytesOf(job)
  }

  /** How many cold jobs a lane should be given at a time. */
  warmLimit(): number {
    return this.#warmBytes > this.#budgetBytes ? WARM_MIN : WARM_MIN * 4
  }

  load(name: string, priority: Priority, seqs: ArrayLike<number>): void {
    const queue = this.#queue(name)
    this.#lane(queue, { queue: name, priority }).appendCold(seqs)
    queue.mask |= 1 << priority
    queue.size += seqs.length
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = { lanes: new Array<Lane | undefined>(10).fill(undefined), mask: 0, size: 0 }
      this.#queues.set(name, queue)
    }
    return queue
  }

  #lane({ lanes }: Queue, { queue, priority }: Pick<Entry, 'queue' | 'priority'>): Lane {
    return (lanes[priority] ??= new Lane(queue, priority))
  }

  #ask(lane: Lane): void {
    if (lane.loading) return
    lane.loading = true
    this.#want(lane)
  }
}
