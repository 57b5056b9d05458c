import { wellFormed } from './text.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads members of an object as Faktory's decoder does: names in any case, the exact one preferred,
 * null as absent, a wrong type as an error of the whole (clients.md T6, T7).
 */
export class Fields {
  readonly #exact: JsonObject
  #folded: Map<string, unknown> | undefined
  /** The first member of a wrong type, e.g. `retry must be an integer`. */
  wrong: string | undefined

  constructor(object: JsonObject) {
    this.#exact = object
  }

  /** Undefined when absent or null. */
  value(name: string): unknown {
    if (Object.hasOwn(this.#exact, name)) return this.#exact[name] ?? undefined
    if (this.#folded === undefined) {
      this.#folded = new Map()
      for (const [key, value] of Object.entries(this.#exact)) {
        const folded = key.toLowerCase()
        if (folded !== key) this.#folded.set(folded, value)
      }
    }
    return this.#folded.get(name) ?? undefined
  }

  /** '' when absent. */
  text(name: string): string {
    const value = this.value(name)
    if (value === undefined) return ''
    return typeof value === 'string' ? wellFormed(value) : this.#fault(name, 'a string', '')
  }

  integer(name: string): number | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    return Number.isSafeInteger(value) ? Number(value) : this.#fault(name, 'an integer', undefined)
  }

  texts(name: string): readonly string[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) return this.#fault(name, 'a list of strings', [])
    const list: string[] = []
    for (const item of value as unknown[]) {
      if (typeof item === 'string') list.push(wellFormed(item))
      else if (item === null) list.push('')
      else return this.#fault(name, 'a list of strings', [])
    }
    return list
  }

  object(name: string): JsonObject | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    return isObject(value) ? value : this.#fault(name, 'an object', undefined)
  }

  array(name: string): readonly unknown[] | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    return Array.isArray(value) ? (value as unknown[]) : this.#fault(name, 'a list', undefined)
  }

  #fault<T>(name: string, type: string, fallback: T): T {
    this.wrong ??= `${name} must be ${type}`
    return fallback
  }
}
