import { spans } from '@jobmill/protocol'

export const HIDDEN = '"•••"'

/**
 * Finds and hides values inside a JSON text without parsing its numbers: what people see and search
 * is the text that was pushed.
 */

interface Frame {
  readonly list: boolean
  name: string
  index: number
}

/** Deeper values are looked at by the name alone: paths of rules are never so long. */
const PATH_MAX = 32

/** Goes through the values of a JSON text, the outer before what is in it. */
class Walk {
  readonly #text: string
  readonly #frames: Frame[] = []
  #at = 0

  /** @param text valid JSON */
  constructor(text: string) {
    this.#text = text
  }

  /** Names and places of the lists on the way to the value that `next` found. */
  get path(): readonly string[] {
    return this.#frames
      .slice(-PATH_MAX)
      .map(({ list, name, index }) => (list ? String(index) : name))
  }

  /** Where the next member or item begins; undefined at the end. */
  next(): number | undefined {
    const text = this.#text
    for (;;) {
      const char = text[this.#at]
      if (char === undefined) return undefined
      if (char === '{' || char === '[') {
        this.#frames.push({ list: char === '[', name: '', index: -1 })
        this.#at += 1
      } else if (char === '}' || char === ']') {
        this.#frames.pop()
        this.#at += 1
        continue
      } else if (char === ',') {
        this.#at += 1
      } else {
        // A scalar, or blanks.
        this.#at = char === '"' ? stringEnd(text, this.#at) : this.#at + 1
        continue
      }
      const found = this.#member()
      if (found !== undefined) return found
    }
  }

  /** Passes over the value that `next` found. @returns its end */
  skip(): number {
    const text = this.#text
    let depth = 0
    do {
      const char = text[this.#at]
      if (char === '"') {
        this.#at = stringEnd(text, this.#at)
        continue
      }
      if (char === '{' || char === '[') depth += 1
      else if (char === '}' || char === ']') depth -= 1
      else if (depth === 0) {
        // A number or a word ends where something else begins.
        while (this.#at < text.length && !/[,\]}\s]/.test(text[this.#at] ?? '')) this.#at += 1
        return this.#at
      }
      this.#at += 1
    } while (depth > 0)
    return this.#at
  }

  /** Reads up to a value of the innermost list or object, if it has another. */
  #member(): number | undefined {
    const text = this.#text
    const top = this.#frames.at(-1)
    if (top === undefined) return undefined
    this.#blanks()
    if (text[this.#at] === ']' || text[this.#at] === '}') return undefined
    if (top.list) top.index += 1
    else {
      const end = stringEnd(text, this.#at)
      const literal = text.slice(this.#at, end)
      top.name = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
      this.#at = end
      this.#blanks()
      // The colon.
      this.#at += 1
      this.#blanks()
    }
    return this.#at
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }
}

function stringEnd(text: string, at: number): number {
  for (let end = at; ;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let escapes = end
    while (text[escapes - 1] === '\\') escapes -= 1
    if ((end - escapes) % 2 === 0) return end + 1
  }
}

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
   * @param length so much of it is wanted: what comes after may be as it was
   * @returns the text with hidden values replaced, and how many
   */
  apply(text: string, root: string, length = Infinity): { text: string; hidden: number } {
    if (this.#names.size === 0 && this.#paths.length === 0) return { text, hidden: 0 }
    return this.#walk(text, [root], length)
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

  /** One pass, however deep the text is nested. @param text valid JSON */
  #walk(text: string, path: readonly string[], length: number): { text: string; hidden: number } {
    const walk = new Walk(text)
    let out = ''
    let last = 0
    let hidden = 0
    for (let from = walk.next(); from !== undefined; from = walk.next()) {
      if (out.length + from - last > length) break
      if (!this.#at([...path, ...walk.path])) continue
      const to = walk.skip()
      out += text.slice(last, from) + HIDDEN
      last = to
      hidden += 1
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
