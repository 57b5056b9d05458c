import { pack, Unpacker } from './packing.ts'

/** Counts by step of time, the newest so many steps. */
export class CountRing {
  readonly #counts: Uint32Array
  /** The newest step that was counted in. */
  #last = -1

  constructor(steps: number) {
    this.#counts = new Uint32Array(steps)
  }

  add(step: number, n = 1): void {
    if (!this.#goTo(step)) return
    const at = step % this.#counts.length
    this.#counts[at] = (this.#counts[at] ?? 0) + n
  }

  at(step: number): number {
    if (step > this.#last || step <= this.#last - this.#counts.length || step < 0) return 0
    return this.#counts[step % this.#counts.length] ?? 0
  }

  /** Of the steps `from` to `to`, both counted. */
  sum(from: number, to: number): number {
    let sum = 0
    const last = Math.min(to, this.#last)
    for (let step = Math.max(from, last - this.#counts.length + 1); step <= last; step += 1) {
      sum += this.at(step)
    }
    return sum
  }

  /** As text: the newest step, then for each count how many steps back from the one before. */
  pack(): string {
    const numbers = [this.#last + 1]
    let before = this.#last
    for (let back = 0; back < this.#counts.length && this.#last >= back; back += 1) {
      const count = this.at(this.#last - back)
      if (count === 0) continue
      numbers.push(before - (this.#last - back), count)
      before = this.#last - back
    }
    return pack(numbers)
  }

  /** Adds what a text of `pack` holds. */
  addPacked(text: string): void {
    const from = new Unpacker(text)
    let step = from.next() - 1
    this.#goTo(step)
    while (!from.ended) {
      step -= from.next()
      this.add(step, from.next())
    }
  }

  /** @returns false for a step that is too old */
  #goTo(step: number): boolean {
    const size = this.#counts.length
    if (step <= this.#last) return step > this.#last - size && step >= 0
    if (step - this.#last >= size) this.#counts.fill(0)
    else for (let i = this.#last + 1; i <= step; i += 1) this.#counts[i % size] = 0
    this.#last = step
    return true
  }
}
