import { spans } from '@jobmill/protocol'

export const HIDDEN = '"•••"'

/**
 * Finds and hides values inside a JSON text without parsing its numbers: what people see and search
 * is the text that was pushed.
 */

/** The text of a member or item; undefined when there is none. */
export function valueAt(text: string, path: readonly string[]): string | undefined {
  let at = text
  for (const step of path) {
    if (!isContainer(at)) return undefined
    const list = at.startsWith('[')
    const found = list ? spans(at)[index(step)] : spans(at).findLast(({ name }) => name === step)
    if (found === undefined) return undefined
    at = at.slice(found.from, found.to)
  }
  return at
}

/** A value's text as people write it: a string without its quotes. */
export function plain(text: string): string {
  return text.startsWith('"') ? String(JSON.parse(text)) : text
}

const isContainer = (text: string): boolean => text.startsWith('{') || text.startsWith('[')
const index = (step: string): number => (/^\d{1,9}$/.test(step) ? Number(step) : -1)

/** Which values are hidden: a bare name at any depth, a dotted path (`args.0.card.*`) at its place. */
export class Hiding {
  readonly #names = new Set<string>()
  readonly #paths: readonly (readonly string[])[]

  constructor(rules: readonly string[]) {
    const paths: string[][] = []
    for (const rule of rules) {
      if (rule.includes('.')) paths.push(rule.toLowerCase().split('.'))
      else this.#names.add(rule.toLowerCase())
    }
    this.#paths = paths
  }

  /** Whether any value on the way to this place is hidden. */
  hides(path: readonly string[]): boolean {
    return path.some((_, i) => this.#at(path.slice(0, i + 1)))
  }

  /**
   * @param root where the text lies: `args` or `custom`
   * @returns the text with hidden values replaced, and how many
   */
  apply(text: string, root: string): { text: string; hidden: number } {
    if (this.#names.size === 0 && this.#paths.length === 0) return { text, hidden: 0 }
    return this.#walk(text, [root])
  }

  /** A whole job, what is hidden in its args and custom replaced. */
  applyToJob(payload: string): string {
    let out = ''
    let last = 0
    for (const { name, from, to } of spans(payload)) {
      const value = payload.slice(from, to)
      const shown = name === 'args' || name === 'custom' ? this.apply(value, name).text : value
      out += payload.slice(last, from) + shown
      last = to
    }
    return out + payload.slice(last)
  }

  #walk(text: string, path: readonly string[]): { text: string; hidden: number } {
    if (!isContainer(text)) return { text, hidden: 0 }
    const list = text.startsWith('[')
    let out = ''
    let hidden = 0
    let last = 0
    for (const [i, { name, from, to }] of spans(text).entries()) {
      const below = [...path, list ? String(i) : name]
      const inside = this.#at(below)
        ? { text: HIDDEN, hidden: 1 }
        : this.#walk(text.slice(from, to), below)
      out += text.slice(last, from) + inside.text
      hidden += inside.hidden
      last = to
    }
    return hidden === 0 ? { text, hidden } : { text: out + text.slice(last), hidden }
  }

  #at(path: readonly string[]): boolean {
    const name = path.at(-1)?.toLowerCase() ?? ''
    // The place of an item is no name.
    if (path.length > 1 && this.#names.has(name)) return true
    return this.#paths.some(
      (rule) =>
        rule.length === path.length &&
        rule.every((step, i) => step === '*' || step === path[i]?.toLowerCase()),
    )
  }
}
