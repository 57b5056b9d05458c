import type { Kind } from '@jobmill/core'
import type { RecordChange } from './difference.ts'

/** More queues and workers than that are not remembered. */
const CACHE_MAX = 20_000

export interface RecordName {
  readonly kind: Kind
  readonly key: string
}

const nameOf = ({ kind, key }: RecordName): string => `${kind}\n${key}`

/**
 * Records as they were when this server last saw them. Nothing is decided by them alone: what is
 * taken from here is compared with the database before the commit, in the same transaction.
 */
export class RecordCache {
  readonly #texts = new Map<string, string>()

  get(name: RecordName): string | undefined {
    return this.#texts.get(nameOf(name))
  }

  /** @param text undefined: there is none */
  saw(name: RecordName, text: string | undefined): void {
    if (text === undefined) this.#texts.delete(nameOf(name))
    else {
      if (this.#texts.size >= CACHE_MAX) this.#texts.clear()
      this.#texts.set(nameOf(name), text)
    }
  }

  wrote(changes: readonly RecordChange[]): void {
    for (const { kind, key, value } of changes) this.saw({ kind, key }, value ?? undefined)
  }

  clear(): void {
    this.#texts.clear()
  }
}
