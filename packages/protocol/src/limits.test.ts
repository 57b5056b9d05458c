import { expect, test } from 'vitest'
import { LIMITS } from './limits.ts'

test('every limit is a positive whole number', () => {
  for (const [name, limit] of Object.entries(LIMITS)) {
    expect([name, Number.isSafeInteger(limit) && limit > 0]).toEqual([name, true])
  }
})

test('the limits that clients meet are what the documents say', () => {
  expect(LIMITS).toMatchObject({
    commandBytes: 33_554_432,
    helloBytes: 262_144,
    jidBytesMin: 8,
    reserveForSMin: 60,
    reserveForSMax: 86_400,
    reserveForSDefault: 1_800,
    retryDefault: 25,
    backtraceLines: 50,
    errtypeBytes: 100,
    messageBytes: 1_000,
    deadMs: 180 * 24 * 3_600_000,
  })
})
