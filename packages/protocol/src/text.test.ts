import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutUtf8, detached, utf8Length, wellFormed } from './text.ts'

const anyText = fc.string({ unit: 'binary' })
/** Lone surrogates too. */
const anyUnits = fc
  .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe00f })))
  .map((units) => String.fromCharCode(...units))

test('the length is that of the text written as UTF-8', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, anyUnits), (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text, 'utf8'))
    }),
  )
})

test('a cut text is the longest beginning that fits and ends at a character', () => {
  fc.assert(
    fc.property(anyText, fc.nat(40), (text, bytesMax) => {
      const cut = cutUtf8(text, bytesMax)
      expect(text.startsWith(cut)).toBe(true)
      expect(utf8Length(cut)).toBeLessThanOrEqual(bytesMax)
      const [next = ''] = text.slice(cut.length)
      if (cut !== text) expect(utf8Length(cut + next)).toBeGreaterThan(bytesMax)
      expect(wellFormed(cut)).toBe(cut)
    }),
  )
})

test('a text is cut before the character that does not fit', () => {
  expect(cutUtf8(`${'m'.repeat(999)}é`, 1_000)).toBe('m'.repeat(999))
  expect(cutUtf8(`${'m'.repeat(998)}é`, 1_000)).toBe(`${'m'.repeat(998)}é`)
  expect(cutUtf8('a😀', 4)).toBe('a')
})

test('lone surrogates become U+FFFD, pairs stay', () => {
  expect(wellFormed('a\ud800b\udc00c😀')).toBe('a\ufffdb\ufffdc😀')
  fc.assert(
    fc.property(anyUnits, (text) => {
      expect(wellFormed(text)).toBe(Buffer.from(text, 'utf8').toString('utf8'))
    }),
  )
})

test('a detached text is the same text', () => {
  fc.assert(
    fc.property(anyUnits, (text) => {
      expect(detached(text)).toBe(text)
    }),
  )
})
