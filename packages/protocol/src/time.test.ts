import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTime, parseRfc3339 } from './time.ts'

describe('any form of RFC 3339 is read', () => {
  const rows: readonly [text: string, ms: number][] = [
    ['2026-11-25T04:16:08.166944980+00:00', Date.UTC(2026, 10, 25, 4, 16, 8) + 166.94498],
    ['2026-11-25T04:16:08+00:00', Date.UTC(2026, 10, 25, 4, 16, 8)],
    ['2026-11-25T04:16:08Z', Date.UTC(2026, 10, 25, 4, 16, 8)],
    ['2026-11-25T04:16:08.7Z', Date.UTC(2026, 10, 25, 4, 16, 8, 700)],
    ['2026-11-25T04:16:08,7Z', Date.UTC(2026, 10, 25, 4, 16, 8, 700)],
    ['2026-11-25T04:16:08.123456Z', Date.UTC(2026, 10, 25, 4, 16, 8) + 123.456],
    ['2026-11-25T04:16:08.123456789012Z', Date.UTC(2026, 10, 25, 4, 16, 8) + 123.456789012],
    ['2099-12-31T23:59:59.123456789+05:30', Date.UTC(2099, 11, 31, 18, 29, 59) + 123.456789],
    ['2001-12-31T23:59:59-11:00', Date.UTC(2002, 0, 1, 10, 59, 59)],
    ['2001-02-03T04:05:06.700-00:00', Date.UTC(2001, 1, 3, 4, 5, 6, 700)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['1969-12-31T23:59:59Z', -1_000],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ]
  test.each(rows)('%s', (text, ms) => expect(parseRfc3339(text)).toBeCloseTo(ms, 3))
})

describe('what Faktory refuses is no time', () => {
  test.each([
    '',
    'tomorrow',
    '2099-01-02T03:04:05',
    '2099-01-02',
    '2099-01-02 03:04:05Z',
    '4102444800',
    '2099-01-02t03:04:05Z',
    '2099-01-02T03:04:05z',
    '2099-01-02T03:04:05+0530',
    '2099-01-02T03:04:05+05',
    '2099-01-02T03:04Z',
    '2099-01-02T24:00:00Z',
    '2099-01-02T03:60:00Z',
    '2099-01-02T03:04:60Z',
    ' 2099-01-02T03:04:05Z ',
    '2099-01-02T03:04:05Z\n',
    '2099-01-02T03:04:05.Z',
    '2099-01-02T03:04:05.1.2Z',
    '2099-00-02T03:04:05Z',
    '2099-13-02T03:04:05Z',
    '2099-01-00T03:04:05Z',
    '2099-01-32T03:04:05Z',
    '2099-04-31T03:04:05Z',
    '2099-02-29T03:04:05Z',
    '2100-02-29T03:04:05Z',
    '99-01-02T03:04:05Z',
    '12099-01-02T03:04:05Z',
    '-2099-01-02T03:04:05Z',
    '2099-01-02T03:04:05+24:00',
    '2099-01-02T03:04:05+05:60',
    '٢٠٩٩-01-02T03:04:05Z',
  ])('%j', (text) => expect(parseRfc3339(text)).toBeUndefined())
})

describe('a written time has no zeros at the end of its fraction', () => {
  test.each([
    [Date.UTC(2026, 6, 1, 10), '2026-07-01T10:00:00Z'],
    [Date.UTC(2026, 6, 1, 10, 20, 30), '2026-07-01T10:20:30Z'],
    [Date.UTC(2026, 6, 1, 10, 0, 0, 100), '2026-07-01T10:00:00.1Z'],
    [Date.UTC(2026, 6, 1, 10, 0, 0, 120), '2026-07-01T10:00:00.12Z'],
    [Date.UTC(2026, 6, 1, 10, 0, 0, 123), '2026-07-01T10:00:00.123Z'],
    [Date.UTC(2026, 6, 1, 10, 0, 0, 3), '2026-07-01T10:00:00.003Z'],
  ])('%d', (ms, text) => expect(formatTime(ms)).toBe(text))
})

test('what is written is read back as the same millisecond', () => {
  const date = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(date, (at) => {
      expect(parseRfc3339(formatTime(at.getTime()))).toBe(at.getTime())
    }),
  )
})

test('a fraction of a megabyte takes no time to speak of', () => {
  const text = `2099-01-02T03:04:05.${'1'.repeat(1_000_000)}`
  const started = performance.now()
  expect(parseRfc3339(`${text}Z`)).toBeDefined()
  expect(parseRfc3339(text)).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(1_000)
})
