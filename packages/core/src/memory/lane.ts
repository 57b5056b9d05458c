import type { Job, Priority, Seq } from '../types.ts'
import { NumberRing, Ring } from './ring.ts'

/**
 * The waiting jobs of one queue and priority, oldest first: warm at the head (whole jobs), cold
 * behind (8 bytes each, the job lies on disk).
 *
 *     fetch ◀─ warm: Job Job Job │ cold: seq seq seq seq ◀─ push
 *                                └─ the disk gives the next jobs before the warm part runs out
 */
export class Lane {
  readonly queue: string
  readonly priority: Priority
  readonly warm = new Ring<Job>()
  readonly cold = new NumberRing()
  /** The next cold jobs are on their way. */
  loading = false

  constructor(queue: string, priority: Priority) {
    this.queue = queue
    this.priority = priority
  }

  get length(): number {
    return this.warm.length + this.cold.length
  }

  /** Every seq of the lane, oldest first. */
  seqs(): Float64Array {
    const all = new Float64Array(this.length)
    let i = 0
    for (const job of this.warm) all[i++] = job.seq
    for (let c = 0; c < this.cold.length; c += 1) all[i++] = this.cold.at(c)
    return all
  }

  /** Lets go of all jobs: what still comes from the disk for this lane finds no place. */
  clear(): void {
    while (this.warm.length > 0) this.warm.shift()
    this.cold.drop(this.cold.length)
  }

  /** The first cold seqs, at most `limit`. */
  nextCold(limit: number): Seq[] {
    const seqs: Seq[] = []
    for (let i = 0; i < Math.min(limit, this.cold.length); i += 1) seqs.push(this.cold.at(i))
    return seqs
  }
}
