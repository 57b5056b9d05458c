/** Upper ends of the buckets that `/metrics` shows, s; one more takes what is longer. */
export const BOUNDS_S = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800,
] as const

/** Durations since the start, in few buckets. */
export class Durations {
  readonly counts = new Float64Array(BOUNDS_S.length + 1)
  sumMs = 0
  total = 0

  add(ms: number): void {
    const seconds = ms / 1000
    let i = 0
    while (i < BOUNDS_S.length && seconds > (BOUNDS_S[i] ?? 0)) i += 1
    this.counts[i] = (this.counts[i] ?? 0) + 1
    this.sumMs += ms
    this.total += 1
  }
}

/** What happened to jobs of one queue and jobtype since the start: only ever grows. */
export class Totals {
  pushed = 0
  fetched = 0
  done = 0
  retry = 0
  dead = 0
  discarded = 0
  readonly wait = new Durations()
  readonly run = new Durations()
}
