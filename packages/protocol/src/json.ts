/** A JSON text parsed, or why it is none, in a few printable words. */
export type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string }

const WHY_LENGTH = 100

/** Never throws, for nesting of any depth either. */
export function parseJson(text: string): Parsed {
  if (text === '') return { ok: false, why: 'unexpected end of JSON input' }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const why = error instanceof RangeError ? 'nested too deep' : (error as Error).message
    // V8 quotes the input in its message.
    return { ok: false, why: why.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, WHY_LENGTH) }
  }
}

/** Where a value, and the name before it, lie in a text. */
export interface Span {
  /** As written, decoded. '' in an array. */
  readonly name: string
  readonly from: number
  readonly to: number
}

const BLANKS = /[ \t\n\r]*/y
const SCALAR = /[^,\]} \t\n\r]+/y

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** The end of a string that begins at `at`; without a regular expression, for one may be megabytes. */
function stringEnd(text: string, at: number): number {
  let end = at
  for (;;) {
    end = text.indexOf('"', end + 1)
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return end + 1
  }
}

/** The end of an object or array that begins at `at`. */
function nestedEnd(text: string, at: number): number {
  const mark = /["[\]{}]/g
  mark.lastIndex = at
  let depth = 0
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const char = match[0]
    if (char === '"') mark.lastIndex = stringEnd(text, match.index)
    else if (char === '[' || char === '{') depth += 1
    else if ((depth -= 1) === 0) return match.index + 1
  }
  return text.length
}

function valueEnd(text: string, at: number): number {
  const first = text[at]
  if (first === '"') return stringEnd(text, at)
  if (first === '{' || first === '[') return nestedEnd(text, at)
  return skip(SCALAR, text, at)
}

/**
 * The members of an object, or the items of an array, in order, repeated names too.
 * @param text valid JSON: it is not checked again
 */
export function spans(text: string): Span[] {
  const found: Span[] = []
  let at = skip(BLANKS, text, 0)
  const isArray = text[at] === '['
  at = skip(BLANKS, text, at + 1)
  while (at < text.length && text[at] !== ']' && text[at] !== '}') {
    let name = ''
    if (!isArray) {
      const nameEnd = stringEnd(text, at)
      name = String(JSON.parse(text.slice(at, nameEnd)))
      at = skip(BLANKS, text, skip(BLANKS, text, nameEnd) + 1)
    }
    const to = valueEnd(text, at)
    found.push({ name, from: at, to })
    at = skip(BLANKS, text, to)
    if (text[at] === ',') at = skip(BLANKS, text, at + 1)
  }
  return found
}

/** A valid JSON text without the blanks between its parts. */
export function compact(text: string): string {
  if (!/[ \t\n\r]/.test(text)) return text
  let out = ''
  let at = 0
  while (at < text.length) {
    const quote = text.indexOf('"', at)
    const between = quote < 0 ? text.slice(at) : text.slice(at, quote)
    out += between.replace(/[ \t\n\r]+/g, '')
    if (quote < 0) break
    at = stringEnd(text, quote)
    out += text.slice(quote, at)
  }
  return out
}
