import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commonText, fingerprint } from './fingerprint.ts'

test.each([
  ['rate limit: retry after 12 s', 'rate limit: retry after … s'],
  ['Order 99120 not found', 'Order … not found'],
  ['took 1,204.5 ms', 'took … ms'],
  ["undefined method 'name' for nil", 'undefined method … for nil'],
  ['key "a b c" is missing', 'key … is missing'],
  ["can't reach host", "can't reach host"],
  ['user 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is gone', 'user … is gone'],
  ['at 0xdeadbeef', 'at …'],
  ['commit 9fceb02d0ae5 failed', 'commit … failed'],
  ['No such customer: cus_8sKq2', 'No such customer: …'],
  ['decade faced a facade', 'decade faced a facade'],
  ['first line\nsecond line 5', 'first line'],
  ['', ''],
  ['10.0.0.1:5432 refused', '… refused'],
])('%j is of the kind %j', (message, print) => expect(fingerprint(message)).toBe(print))

test('messages that differ in numbers alone are of one kind', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      expect(fingerprint(`row ${a} of ${b} is bad`)).toBe('row … of … is bad')
    }),
  )
})

test('is short, one line, whatever the message', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2000, unit: 'binary' }), (message) => {
      const print = fingerprint(message)
      expect(print.length).toBeLessThanOrEqual(200)
      expect(print).not.toMatch(/[\r\n]/)
    }),
  )
})

test('a long message without blanks is looked at in no time', () => {
  // Each of these makes a careless pattern try every way to match.
  for (const text of ['a-'.repeat(500), 'f'.repeat(1000), '_1'.repeat(500), "'".repeat(1000)]) {
    expect(fingerprint(text).length).toBeLessThanOrEqual(200)
  }
})

test.each([
  ['rate limit: retry after … s', 'rate limit: retry after'],
  ['… refused', 'refused'],
  ['…', ''],
])('the common text of %j is %j', (print, text) => expect(commonText(print)).toBe(text))

test('the common text is in every message of the kind', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 600 }), (message) => {
      expect(message).toContain(commonText(fingerprint(message)))
    }),
  )
})
