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
    return { ok: false, why: why.replace(/\p{Cc}+/gu, ' ').slice(0, WHY_LENGTH) }
  }
}

const isBlank = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/**
 * A text without the blanks that JSON allows round it. No regular expression over the whole: one
 * anchored at the end alone takes quadratic time over long runs of blanks inside a string.
 */
export function trimmed(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

/** Where a value lies in a text. */
export interface Span {
  /** Of a member, decoded. '' for an item of a list. */
  readonly name: string
  readonly from: number
  readonly to: number
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** The end of a string that begins at `at`. indexOf, for one may be megabytes. */
function stringEnd(text: string, at: number): number {
  let end = at
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let escapes = end
    while (text.charCodeAt(escapes - 1) === BACKSLASH) escapes -= 1
    if ((end - escapes) % 2 === 0) return end + 1
  }
}

/**
 * The members of an object, or the items of a list, in order, repeated names too.
 * @param text valid JSON of an object or a list: it is not checked again
 */
export function spans(text: string): Span[] {
  const found: Span[] = []
  let depth = 0
  let name = ''
  // Of the value that is being passed over; -1 between two.
  let from = -1
  let to = -1
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) continue
    const closes = code === CLOSE_OBJECT || code === CLOSE_LIST
    if (closes) depth -= 1
    if ((closes && depth === 0) || (code === COMMA && depth === 1)) {
      if (from >= 0) found.push({ name, from, to })
      from = -1
      continue
    }
    if (code === COLON && depth === 1) {
      // What was passed over was the name.
      name = decoded(text.slice(from, to))
      from = -1
      continue
    }
    if (depth === 1 && from < 0) from = at
    else if (depth === 0) from = -1
    if (code === QUOTE) at = stringEnd(text, at) - 1
    else if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1
    to = at + 1
  }
  return found
}

function decoded(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1)
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
