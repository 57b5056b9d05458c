import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUCKETS, bucketOf, Histogram, valueOf } from './histogram.ts'

const ms = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 100_000 }), fc.nat({ max: 2 ** 31 - 1 }))

test('every duration has a bucket whose value is off by at most 2 %', () => {
  fc.assert(
    fc.property(ms, (value) => {
      const bucket = bucketOf(value)
      expect(bucket).toBeLessThan(BUCKETS)
      expect(Math.abs(valueOf(bucket) - value)).toBeLessThanOrEqual(0.02 * value)
    }),
    { numRuns: 2000 },
  )
})

test('longer durations have later buckets', () => {
  fc.assert(
    fc.property(ms, ms, (a, b) => {
      if (a < b) expect(bucketOf(a)).toBeLessThanOrEqual(bucketOf(b))
    }),
  )
})

test.each([-5, NaN, 0])('%s counts as nothing', (value) => expect(bucketOf(value)).toBe(0))
test('a month counts as the longest', () => expect(bucketOf(30 * 86_400_000)).toBe(BUCKETS - 1))

test('percentiles are off by at most 2 % of those of the sorted list', () => {
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (values, share) => {
        const histogram = new Histogram()
        for (const value of values) histogram.add(value)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
        expect(Math.abs((histogram.percentile(share) ?? -1) - exact)).toBeLessThanOrEqual(
          0.02 * exact,
        )
      },
    ),
  )
})

test('two histograms together are the histogram of both', () => {
  const [one, two, both] = [new Histogram(), new Histogram(), new Histogram()]
  for (const value of [1, 5, 900]) one.add(value)
  for (const value of [5, 70_000]) two.add(value)
  for (const value of [1, 5, 900, 5, 70_000]) both.add(value)
  one.addAll(two)
  expect([...one.entries()]).toEqual([...both.entries()])
  expect(one.total).toBe(5)
  one.clear()
  expect([...one.entries()]).toEqual([])
  expect(one.percentile(0.5)).toBeUndefined()
})
