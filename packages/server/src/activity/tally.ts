import { Histogram } from './histogram.ts'
import { pack, Unpacker } from './packing.ts'

const SUMS = ['pushed', 'entered', 'fetched', 'done', 'failed', 'died', 'runMs'] as const
const GAUGES = ['waiting', 'running', 'retries', 'dead'] as const

/** Sizes at one moment. */
export type Gauges = Readonly<Record<(typeof GAUGES)[number], number>>

/** What happened within some time: to one queue, one jobtype, or all. */
export class Tally {
  pushed = 0
  /** Jobs that entered a queue: pushed for now, or due. */
  entered = 0
  fetched = 0
  done = 0
  failed = 0
  /** Of the failed: went to the dead, or were discarded. */
  died = 0
  /** All run times together. */
  runMs = 0
  /** The largest that was seen; undefined when nobody looked. */
  waiting: number | undefined
  running: number | undefined
  retries: number | undefined
  dead: number | undefined
  readonly wait = new Histogram()
  readonly run = new Histogram()

  get isEmpty(): boolean {
    return SUMS.every((name) => this[name] === 0)
  }

  add(other: Tally): void {
    for (const name of SUMS) this[name] += other[name]
    this.see(other)
    this.wait.addAll(other.wait)
    this.run.addAll(other.run)
  }

  see(gauges: { readonly [K in keyof Gauges]?: number | undefined }): void {
    for (const name of GAUGES) {
      const seen = gauges[name]
      if (seen !== undefined) this[name] = Math.max(seen, this[name] ?? 0)
    }
  }

  clear(): void {
    for (const name of SUMS) this[name] = 0
    for (const name of GAUGES) this[name] = undefined
    this.wait.clear()
    this.run.clear()
  }

  /** As text: the sums, the gauges plus one, the histograms. */
  pack(): string {
    const numbers: number[] = SUMS.map((name) => Math.round(this[name]))
    for (const name of GAUGES) {
      const seen = this[name]
      numbers.push(seen === undefined ? 0 : seen + 1)
    }
    for (const histogram of [this.wait, this.run]) {
      const entries = [...histogram.entries()]
      numbers.push(entries.length)
      let before = 0
      for (const [bucket, count] of entries) {
        numbers.push(bucket - before, count)
        before = bucket
      }
    }
    return pack(numbers)
  }

  /** Adds what a text of `pack` holds. @param full false: the histograms are not needed */
  addPacked(text: string, full = true): void {
    const from = new Unpacker(text)
    for (const name of SUMS) this[name] += from.next()
    for (const name of GAUGES) {
      const seen = from.next()
      if (seen > 0) this[name] = Math.max(seen - 1, this[name] ?? 0)
    }
    if (!full) return
    for (const histogram of [this.wait, this.run]) {
      let bucket = 0
      for (let left = from.next(); left > 0; left -= 1) {
        bucket += from.next()
        histogram.addTo(bucket, from.next())
      }
    }
  }
}
