/** Something that an operator wants to see in the charts, such as a deploy. */
export interface Mark {
  readonly label: string
  readonly atMs: number
}

const MARKS_MAX = 200
const KEPT_MS = 90 * 86_400_000

/** Marks in the order of their times, the newest 200 of 90 days. */
export class Marks {
  #marks: readonly Mark[] = []

  add(mark: Mark): void {
    this.#marks = [...this.#marks, mark]
      .sort((a, b) => a.atMs - b.atMs)
      .filter(({ atMs }) => atMs > mark.atMs - KEPT_MS)
      .slice(-MARKS_MAX)
  }

  between(fromMs: number, toMs: number): Mark[] {
    return this.#marks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  }

  write(): string {
    return JSON.stringify(this.#marks)
  }

  /** Takes in what `write` gave. Throws for other texts. */
  take(text: string): void {
    for (const mark of JSON.parse(text) as Mark[]) {
      this.add({ label: String(mark.label), atMs: Number(mark.atMs) })
    }
  }

  clear(): void {
    this.#marks = []
  }
}
