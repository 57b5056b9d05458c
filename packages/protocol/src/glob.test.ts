import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { globMatcher } from './glob.ts'

describe('a pattern fits', () => {
  test.each([
    ['', ''],
    ['*', ''],
    ['*', 'anything'],
    ['**', 'anything'],
    ['abc', 'abc'],
    ['a*c', 'ac'],
    ['a*c', 'abbbc'],
    ['a*b*c', 'a1b2b3c'],
    ['*needle*', '{"args":["needle"]}'],
    ['*n?edl[def]*', '{"args":["needle"]}'],
    ['*"args":\\["needle"\\]*', '{"args":["needle"]}'],
    ['a?c', 'abc'],
    ['a?c', 'aéc'],
    ['?', '😀'],
    ['*?', '😀'],
    ['[😀-😃]', '😁'],
    ['[abc]x', 'bx'],
    ['[a-z]', 'm'],
    ['[z-a]', 'm'],
    ['[^a]', 'b'],
    ['[^a-c]', 'd'],
    ['[a\\]]', ']'],
    ['[\\^a]', '^'],
    ['[a-]', '-'],
    ['[abc', 'c'],
    ['\\*', '*'],
    ['\\?', '?'],
    ['\\\\', '\\'],
    ['\\', '\\'],
    ['a\\', 'a\\'],
    ['*ab', 'aab'],
    ['*aab', 'aaaab'],
    ['a*a', 'aa'],
    [']', ']'],
  ])('%j %j', (pattern, text) => expect(globMatcher(pattern)(text)).toBe(true))
})

describe('a pattern does not fit', () => {
  test.each([
    ['', 'a'],
    ['abc', 'abcd'],
    ['abc', 'xabc'],
    ['abc', 'ab'],
    ['a*a', 'a'],
    ['*NEEDLE*', 'needle'],
    ['a?c', 'ac'],
    ['??', '😀'],
    ['[abc]', 'd'],
    ['[]', 'a'],
    ['[]a]', 'a'],
    ['[^a]', 'a'],
    ['[^a]', ''],
    ['\\*', 'a'],
    ['*a*b', 'ab1'],
    ['ab*bc', 'abc'],
    ['*?', ''],
  ])('%j %j', (pattern, text) => expect(globMatcher(pattern)(text)).toBe(false))
})

/** The definition, without regard to time. */
function fits(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  const [head, rest] = [pattern[0], pattern.slice(1)]
  if (head === '*') return fits(rest, text) || (text !== '' && fits(pattern, text.slice(1)))
  return text !== '' && (head === '?' || head === text[0]) && fits(rest, text.slice(1))
}

test('stars and question marks mean what the definition says', () => {
  const letters = (alphabet: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...alphabet), maxLength })
  fc.assert(
    fc.property(letters('ab*?', 8), letters('ab', 10), (pattern, text) => {
      expect(globMatcher(pattern)(text)).toBe(fits(pattern, text))
    }),
    { numRuns: 2_000 },
  )
})

test('any pattern is taken, and any text', () => {
  const unit = fc.oneof(fc.constantFrom(...'*?[]^-\\ab'), fc.string({ unit: 'binary' }))
  fc.assert(
    fc.property(fc.string({ unit }), fc.string({ unit }), (pattern, text) => {
      expect(typeof globMatcher(pattern)(text)).toBe('boolean')
    }),
  )
})

test('a text always fits itself with its special characters taken literally', () => {
  const unit = fc.oneof(fc.constantFrom(...'*?[]^-\\ab'), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const quoted = text.replace(/[*?[\\]/g, '\\$&')
      expect(globMatcher(quoted)(text)).toBe(true)
      expect(globMatcher(`*${quoted}*`)(`x${text}x`)).toBe(true)
    }),
  )
})

test('many stars do not take exponential time', () => {
  const text = 'a'.repeat(20_000)
  const started = performance.now()
  expect(globMatcher(`${'*a'.repeat(200)}*b`)(text)).toBe(false)
  expect(globMatcher(`${'*[a-z]'.repeat(200)}*b`)(text)).toBe(false)
  expect(globMatcher(`${'*?'.repeat(200)}*`)(text)).toBe(true)
  expect(performance.now() - started).toBeLessThan(1_000)
})
