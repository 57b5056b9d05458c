import { randomUUID } from 'node:crypto'

const KEPT = 1000

/** Sentences for the page after an action, by an id that travels in its URL. */
export class Flashes {
  readonly #texts = new Map<string, string>()

  /** @returns the id */
  keep(text: string): string {
    const id = randomUUID()
    this.#texts.set(id, text)
    for (const old of this.#texts.keys()) {
      if (this.#texts.size <= KEPT) break
      this.#texts.delete(old)
    }
    return id
  }

  get(id: string): string | undefined {
    return this.#texts.get(id)
  }
}
