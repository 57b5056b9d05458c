/** Whole ms below this have a bucket each. */
const EXACT = 64
/** Buckets between a power of two and the next: each is at most 1/32 of its value wide. */
const SPLIT = 32
const MAX_MS = 2 ** 31 - 1
/** Up to 25 days; what is longer counts as that. */
export const BUCKETS = EXACT + 25 * SPLIT

/** The bucket of a duration, ms. */
export function bucketOf(ms: number): number {
  const whole = ms > 0 ? Math.min(ms, MAX_MS) | 0 : 0
  if (whole < EXACT) return whole
  const power = 31 - Math.clz32(whole)
  return (power - 5) * SPLIT + (whole >>> (power - 5))
}

/** The middle of a bucket, ms: off by at most 1/64 of the true value. */
export function valueOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  const power = Math.floor(bucket / SPLIT) + 4
  const width = 2 ** (power - 5)
  return (SPLIT + (bucket % SPLIT)) * width + (width - 1) / 2
}

/** Durations, counted by size; percentiles are off by under 2 %. */
export class Histogram {
  /** Made with the first: most names have nothing to count most of the time. */
  #counts: Float64Array | undefined
  #total = 0

  get total(): number {
    return this.#total
  }

  add(ms: number): void {
    this.addTo(bucketOf(ms), 1)
  }

  addTo(bucket: number, count: number): void {
    this.#counts ??= new Float64Array(BUCKETS)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
    this.#total += count
  }

  addAll(other: Histogram): void {
    if (other.#total === 0) return
    for (let i = 0; i < BUCKETS; i += 1) {
      const count = other.#counts?.[i] ?? 0
      if (count > 0) this.addTo(i, count)
    }
  }

  /** The buckets that are not empty, in order. */
  *entries(): Generator<readonly [bucket: number, count: number]> {
    if (this.#total === 0) return
    for (let i = 0; i < BUCKETS; i += 1) {
      const count = this.#counts?.[i] ?? 0
      if (count > 0) yield [i, count]
    }
  }

  /** The duration, ms, that a share (0 to 1) does not exceed; undefined when there is none. */
  percentile(share: number): number | undefined {
    if (this.#total === 0) return undefined
    let left = Math.max(1, Math.ceil(share * this.#total))
    for (let i = 0; i < BUCKETS; i += 1) {
      left -= this.#counts?.[i] ?? 0
      if (left <= 0) return valueOf(i)
    }
    return undefined
  }

  clear(): void {
    if (this.#total === 0) return
    this.#counts?.fill(0)
    this.#total = 0
  }
}
