import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compact, parseJson, spans, trimmed } from './json.ts'

const read = (text: string): [string, string][] =>
  spans(text).map(({ name, from, to }) => [name, text.slice(from, to)])

/** JSON with blanks wherever they are allowed. */
function spaced(value: unknown, blanks: readonly string[]): string {
  let i = 0
  const blank = (): string => blanks[(i += 1) % blanks.length] ?? ''
  const write = (part: unknown): string => {
    if (Array.isArray(part)) {
      return `[${blank()}${part.map((item) => write(item) + blank()).join(`,${blank()}`)}]`
    }
    if (typeof part !== 'object' || part === null) return JSON.stringify(part)
    const members = Object.entries(part).map(
      ([name, member]) => `${JSON.stringify(name)}${blank()}:${blank()}${write(member)}${blank()}`,
    )
    return `{${blank()}${members.join(`,${blank()}`)}}`
  }
  return blank() + write(value) + blank()
}

const BLANKS = fc.array(fc.constantFrom('', ' ', '\t', '  ', '\r', '\n'), { minLength: 1 })

describe('a text that is no JSON', () => {
  test.each(['', '{', '[', '{"a":', "{'a':1}", '{"a":1,}', 'NaN', '1 2', '"\u0001"', '\ufeff{}'])(
    '%j is told in a few printable words',
    (text) => {
      const parsed = parseJson(text)
      expect(parsed.ok).toBe(false)
      expect(parsed).toHaveProperty('why', expect.stringMatching(/^\P{Cc}{1,100}$/u))
    },
  )

  test('so is one of megabytes, or full of line ends', () => {
    for (const text of [
      'x'.repeat(5_000_000),
      `{"a":"${'\n'.repeat(100)}`,
      '\r\n\u2028'.repeat(9),
    ]) {
      const parsed = parseJson(text)
      expect(parsed).toHaveProperty('why', expect.stringMatching(/^\P{Cc}{1,100}$/u))
    }
  })
})

test('nesting of any depth is read, or refused without a crash', () => {
  for (const depth of [500, 100_000, 1_000_000]) {
    const text = `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(typeof parseJson(text).ok).toBe('boolean')
    expect(read(text)).toHaveLength(1)
    expect(compact(`${text} `)).toBe(text)
    expect(parseJson('['.repeat(depth)).ok).toBe(false)
    expect(parseJson('{"a":'.repeat(depth / 5)).ok).toBe(false)
  }
})

describe('blanks round a text', () => {
  test.each([
    ['', ''],
    [' \t\r\n', ''],
    ['{}', '{}'],
    ['  {} \t', '{}'],
    ['\r\n{"a": " "}\r', '{"a": " "}'],
    ['\u00a0{}', '\u00a0{}'],
  ])('%j', (text, expected) => expect(trimmed(text)).toBe(expected))

  test('a run of a million inside takes no time to speak of', () => {
    const text = `{"a":"${' '.repeat(1_000_000)}x"}`
    const started = performance.now()
    expect(trimmed(text)).toBe(text)
    expect(compact(`{"a":${' '.repeat(1_000_000)}1}`)).toBe('{"a":1}')
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('spans', () => {
  test.each<[string, [string, string][]]>([
    ['{}', []],
    ['[]', []],
    [' { } ', []],
    ['{"a":1}', [['a', '1']]],
    ['{"a":1.0,"b":-0.0}', [['a', '1.0'], ['b', '-0.0']]], // prettier-ignore
    ['{ "a" : 1e400 , "b" : "x" }', [['a', '1e400'], ['b', '"x"']]], // prettier-ignore
    ['{"a":{"a":[1,{"b":2}]},"b":[]}', [['a', '{"a":[1,{"b":2}]}'], ['b', '[]']]], // prettier-ignore
    ['{"a":"},]","b":"\\"","c":"\\\\"}', [['a', '"},]"'], ['b', '"\\""'], ['c', '"\\\\"']]], // prettier-ignore
    ['{"a":1,"a":2}', [['a', '1'], ['a', '2']]], // prettier-ignore
    ['{"\\u0061":1,"\\"":2,"":3}', [['a', '1'], ['"', '2'], ['', '3']]], // prettier-ignore
    ['{"__proto__":1}', [['__proto__', '1']]],
    ['[1, [2, 3] ,"4,5",{"a":6}, null]', [['', '1'], ['', '[2, 3]'], ['', '"4,5"'], ['', '{"a":6}'], ['', 'null']]], // prettier-ignore
  ])('%s', (text, expected) => expect(read(text)).toEqual(expected))

  test('are those of the members, whatever they hold', () => {
    const member = fc.tuple(fc.string({ unit: 'binary' }), fc.jsonValue())
    fc.assert(
      fc.property(fc.array(member), BLANKS, (members, blanks) => {
        const object = Object.fromEntries(members)
        const text = spaced(object, blanks)
        const found = read(text).map(([name, value]) => [name, JSON.parse(value) as unknown])
        expect(found).toEqual(Object.entries(JSON.parse(text) as object))
      }),
    )
  })

  test('are those of the items, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), BLANKS, (items, blanks) => {
        const text = spaced(items, blanks)
        const found = read(text).map(([, value]) => JSON.parse(value) as unknown)
        expect(found).toEqual(JSON.parse(text))
      }),
    )
  })

  test('never loop, not for a text that is no JSON either', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\a1 ') }), (text) => {
        compact(text)
        try {
          spans(text)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

test('a compact text has no blank outside strings and means the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), BLANKS, (value, blanks) => {
      expect(compact(spaced(value, blanks))).toBe(spaced(value, ['']))
    }),
  )
})

test('numbers and strings of a compact text stay as they were written', () => {
  expect(compact('[ 1.0 , 899999999999999990 ,\t"a b\\u00e9" ]')).toBe(
    '[1.0,899999999999999990,"a b\\u00e9"]',
  )
})
