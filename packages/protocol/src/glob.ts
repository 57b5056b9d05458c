type Part =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'one'; readonly fits: (char: string) => boolean }

/**
 * A Redis glob, anchored at both ends, case-sensitive: `*` any run, `?` one character, `[abc]`,
 * `[a-z]`, `[^a]`, `\x` literally x. Source: docs/protocol.md, "MUTATE"
 * @returns whether a text fits; its time grows with text × pattern at most
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const parts = parse([...pattern])
  return (text) => matches(parts, [...text])
}

function parse(chars: readonly string[]): Part[] {
  const parts: Part[] = []
  for (let i = 0; i < chars.length; i += 1) {
    const char = chars[i] ?? ''
    if (char === '*') {
      if (parts.at(-1)?.kind !== 'star') parts.push({ kind: 'star' })
    } else if (char === '?') parts.push({ kind: 'any' })
    else if (char === '[') {
      const { part, end } = parseClass(chars, i + 1)
      parts.push(part)
      i = end
    } else {
      const literal = char === '\\' && i + 1 < chars.length ? (chars[(i += 1)] ?? '') : char
      parts.push({ kind: 'one', fits: (other) => other === literal })
    }
  }
  return parts
}

/** A class without its closing bracket goes to the end of the pattern, as in Redis. */
function parseClass(chars: readonly string[], start: number): { part: Part; end: number } {
  const not = chars[start] === '^'
  const ranges: [string, string][] = []
  let i = not ? start + 1 : start
  for (; i < chars.length && chars[i] !== ']'; i += 1) {
    if (chars[i] === '\\' && i + 1 < chars.length) i += 1
    const low = chars[i] ?? ''
    if (chars[i + 1] === '-' && i + 2 < chars.length && chars[i + 2] !== ']') {
      const high = chars[i + 2] ?? ''
      ranges.push(low <= high ? [low, high] : [high, low])
      i += 2
    } else ranges.push([low, low])
  }
  const within = (char: string) => ranges.some(([low, high]) => char >= low && char <= high)
  return { part: { kind: 'one', fits: (char) => within(char) !== not }, end: i }
}

function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let [p, t] = [0, 0]
  // Only the last star ever needs another try: an earlier one could only match a part of the same.
  let [starAt, textAt] = [-1, 0]
  while (t < text.length) {
    const part = parts[p]
    if (part?.kind === 'star') {
      starAt = p
      textAt = t
      p += 1
    } else if (part !== undefined && (part.kind === 'any' || part.fits(text[t] ?? ''))) {
      p += 1
      t += 1
    } else if (starAt >= 0) {
      p = starAt + 1
      textAt += 1
      t = textAt
    } else return false
  }
  while (parts[p]?.kind === 'star') p += 1
  return p === parts.length
}
