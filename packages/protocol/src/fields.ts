import { wellFormed } from './text.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Tells what members are, and remembers the first that is of a wrong type: then the whole counts as
 * invalid. null is absent, as for Faktory's decoder (docs/protocol.md T7).
 */
export class Types {
  /** The first fault, e.g. `retry must be an integer`. */
  wrong: string | undefined
  /** A text had lone surrogates, which are U+FFFD now. */
  mended = false

  /** '' when absent. */
  text(value: unknown, name: string): string {
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') return this.#fault(name, 'a string', '')
    const text = wellFormed(value)
    if (text !== value) this.mended = true
    return text
  }

  integer(value: unknown, name: string): number | undefined {
    if (value === undefined || value === null) return undefined
    return Number.isSafeInteger(value) ? Number(value) : this.#fault(name, 'an integer', undefined)
  }

  texts(value: unknown, name: string): readonly string[] {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) return this.#fault(name, 'a list of strings', [])
    const list: string[] = []
    for (const item of value as unknown[]) {
      if (typeof item === 'string') list.push(wellFormed(item))
      else if (item === null) list.push('')
      else return this.#fault(name, 'a list of strings', [])
    }
    return list
  }

  object(value: unknown, name: string): JsonObject | undefined {
    if (value === undefined || value === null) return undefined
    return isObject(value) ? value : this.#fault(name, 'an object', undefined)
  }

  array(value: unknown, name: string): readonly unknown[] | undefined {
    if (value === undefined || value === null) return undefined
    return Array.isArray(value) ? (value as unknown[]) : this.#fault(name, 'a list', undefined)
  }

  #fault<T>(name: string, type: string, fallback: T): T {
    this.wrong ??= `${name} must be ${type}`
    return fallback
  }
}

/**
 * For each name in lower case the name under which the object has it: the exact one where there is
 * one, else the last in another case (docs/protocol.md T6).
 */
function spellings(object: JsonObject): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of Object.keys(object)) {
    const folded = name.toLowerCase()
    if (folded === name || !Object.hasOwn(object, folded)) found.set(folded, name)
  }
  return found
}

/** Reads members by name, in any case, and checks their types. */
export class Fields {
  readonly #object: JsonObject
  readonly #types = new Types()
  #spellings: Map<string, string> | undefined

  constructor(object: JsonObject) {
    this.#object = object
  }

  get wrong(): string | undefined {
    return this.#types.wrong
  }

  text(name: string): string {
    return this.#types.text(this.#value(name), name)
  }

  integer(name: string): number | undefined {
    return this.#types.integer(this.#value(name), name)
  }

  texts(name: string): readonly string[] {
    return this.#types.texts(this.#value(name), name)
  }

  object(name: string): JsonObject | undefined {
    return this.#types.object(this.#value(name), name)
  }

  #value(name: string): unknown {
    // Own members alone: the names come from here, but the object's prototype is everybody's.
    if (Object.hasOwn(this.#object, name)) return this.#object[name]
    this.#spellings ??= spellings(this.#object)
    const spelling = this.#spellings.get(name)
    return spelling === undefined ? undefined : this.#object[spelling]
  }
}
