/** Chance that can be repeated: one seed gives one sequence. */
export class Random {
  #state: number

  /** @param seed any integer; only its low 32 bits count */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Uniform in [0, 1). Algorithm: mulberry32, 32 bits of state. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number in [from, to], both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  /** True in `share` of all calls, a share in [0, 1]. */
  chance(share: number): boolean {
    return this.next() < share
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const item = list[this.integer(0, list.length - 1)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** A generator of its own, so that what one part draws does not shift what another part draws. */
  fork(): Random {
    return new Random(this.integer(0, 2 ** 32 - 1))
  }
}

/**
 * The seed of a run: the variable's value if it is set, so that a failure can be repeated, else a
 * new one.
 * @param variable e.g. `JOBMILL_TORTURE_SEED`
 */
export function seedOf(variable: string): number {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return Number.parseInt(given, 10)
  return Math.floor(Math.random() * 2 ** 31)
}
