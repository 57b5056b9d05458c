import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryDelayS } from './retry.ts'

/** Just under 1: the largest that chance can be. */
const MOST = 1 - Number.EPSILON
const chance = fc.double({ min: 0, max: MOST, noNaN: true })
const count = fc.nat(1000)

// The table of the protocol: retries so far, shortest and longest delay.
test.each([
  [0, 15, 44],
  [1, 16, 74],
  [2, 31, 118],
  [3, 96, 212],
  [4, 271, 416],
  [5, 640, 814],
  [9, 6576, 6866],
  [14, 38_431, 38_866],
  [19, 130_336, 130_916],
  [24, 331_791, 332_516],
])('after %i retries a job waits %i to %i seconds', (retries, least, most) => {
  expect(retryDelayS(retries, 0)).toBe(least)
  expect(retryDelayS(retries, MOST)).toBe(most)
})

test('all 25 retries together take about twenty days', () => {
  const sum = (random: number): number =>
    Array.from({ length: 25 }, (_, i) => retryDelayS(i, random)).reduce((a, b) => a + b)
  expect(sum(0)).toBe(1_763_395)
  expect(sum(MOST)).toBe(1_772_820)
})

test('the delay is whole, within its bounds, and takes thirty values alike', () => {
  fc.assert(
    fc.property(count, chance, (c, random) => {
      const extra = retryDelayS(c, random) - (c ** 4 + 15)
      expect(extra % (c + 1)).toBe(0)
      expect(extra / (c + 1)).toBe(Math.floor(random * 30))
    }),
  )
})

test('with the same luck each retry waits longer than the one before', () => {
  fc.assert(
    fc.property(count, chance, (c, random) => {
      expect(retryDelayS(c + 1, random)).toBeGreaterThan(retryDelayS(c, random))
    }),
  )
})
