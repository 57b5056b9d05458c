/** Whether one character, by its code point, fits its place in a pattern. */
type Test = (code: number) => boolean

/** What stands between two stars. */
interface Segment {
  readonly tests: readonly Test[]
  /** The text itself when no place is open: searching for it is many times faster. */
  readonly literal: string | undefined
}

const NONE = -1

/**
 * A Redis glob, anchored at both ends, case-sensitive: `*` any run, `?` one character, `[abc]`,
 * `[a-z]`, `[^a]`, `\x` literally x. Source: docs/protocol.md, "MUTATE"
 * @returns whether a text fits; its time grows with text × pattern at most
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const segments = parse([...pattern])
  const [first, ...others] = segments
  const last = others.pop()
  return (text) => {
    if (first === undefined) return text === ''
    let at = endOf(first, text, 0)
    if (last === undefined) return at === text.length
    // The first place for each is the best: what comes after has the most left to choose from.
    for (const segment of others) {
      if (at === NONE) return false
      at = find(segment, text, at)
    }
    return at !== NONE && fitsEnd(last, text, at)
  }
}

/** Where a segment that begins at `at` ends, or NONE. */
function endOf({ tests, literal }: Segment, text: string, at: number): number {
  if (literal !== undefined) return text.startsWith(literal, at) ? at + literal.length : NONE
  let end = at
  for (const test of tests) {
    const code = text.codePointAt(end)
    if (code === undefined || !test(code)) return NONE
    end += widthOf(code)
  }
  return end
}

/** Where the first fit of a segment at or after `from` ends, or NONE. */
function find(segment: Segment, text: string, from: number): number {
  if (segment.literal !== undefined) {
    const found = text.indexOf(segment.literal, from)
    return found < 0 ? NONE : found + segment.literal.length
  }
  for (let at = from; at < text.length; at += widthOf(text.codePointAt(at) ?? 0)) {
    const end = endOf(segment, text, at)
    if (end !== NONE) return end
  }
  return NONE
}

/** Whether a segment fits the end of a text, all of it at or after `from`. */
function fitsEnd(segment: Segment, text: string, from: number): boolean {
  let at = text.length
  for (let left = segment.tests.length; left > 0; left -= 1) {
    at -= 1
    if (at > from && (text.codePointAt(at - 1) ?? 0) > 0xffff) at -= 1
  }
  return at >= from && endOf(segment, text, at) === text.length
}

const widthOf = (code: number): number => (code > 0xffff ? 2 : 1)

/** One segment more than there are stars; several stars in a row count as one. */
function parse(chars: readonly string[]): Segment[] {
  const segments: Segment[] = []
  let tests: Test[] = []
  let literal: string | undefined = ''
  const close = (): void => {
    // An empty one between two stars would ask for nothing.
    if (tests.length > 0 || segments.length === 0) segments.push({ tests, literal })
    tests = []
    literal = ''
  }
  for (let i = 0; i < chars.length; i += 1) {
    const char = chars[i] ?? ''
    if (char === '*') close()
    else if (char === '?') {
      tests.push(() => true)
      literal = undefined
    } else if (char === '[') {
      const { test, end } = parseClass(chars, i + 1)
      tests.push(test)
      literal = undefined
      i = end
    } else {
      const plain = char === '\\' && i + 1 < chars.length ? (chars[(i += 1)] ?? '') : char
      const wanted = codeOf(plain)
      tests.push((code) => code === wanted)
      if (literal !== undefined) literal += plain
    }
  }
  segments.push({ tests, literal })
  return segments
}

/** A class without its closing bracket goes to the end of the pattern, as in Redis. */
function parseClass(chars: readonly string[], start: number): { test: Test; end: number } {
  const not = chars[start] === '^'
  const ranges: [low: number, high: number][] = []
  let i = not ? start + 1 : start
  for (; i < chars.length && chars[i] !== ']'; i += 1) {
    if (chars[i] === '\\' && i + 1 < chars.length) i += 1
    const low = codeOf(chars[i])
    if (chars[i + 1] === '-' && i + 2 < chars.length && chars[i + 2] !== ']') {
      const high = codeOf(chars[i + 2])
      ranges.push(low <= high ? [low, high] : [high, low])
      i += 2
    } else ranges.push([low, low])
  }
  const within = (code: number) => ranges.some(([low, high]) => code >= low && code <= high)
  return { test: (code) => within(code) !== not, end: i }
}

const codeOf = (char: string | undefined): number => char?.codePointAt(0) ?? NONE
