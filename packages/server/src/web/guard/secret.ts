import { randomBytes } from 'node:crypto'
import { putNote } from '@jobmill/core'
import type { Store } from '../../store/store.ts'

const KEY = 'web/form-secret'

/** What signs the tokens of forms: kept with the data, so that a restart leaves open pages alone. */
export class FormSecret {
  readonly #store: Store
  /** Until the data is there, and where it cannot be written. */
  readonly #temporary = randomBytes(32).toString('base64url')
  #kept: string | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async get(): Promise<string> {
    if (this.#kept !== undefined) return this.#kept
    if (this.#store.health().state !== 'ready') return this.#temporary
    const notes = await this.#store.records('note')
    const found = notes.find(([key]) => key === KEY)?.[1].text
    if (found === undefined) this.#store.run(putNote, { key: KEY, text: this.#temporary }, () => {})
    this.#kept = found ?? this.#temporary
    return this.#kept
  }
}
