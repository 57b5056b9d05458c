import { expect, test } from 'vitest'
import { assetsBytes } from '../../packages/server/src/web/assets.ts'

test('all that a browser loads once fits into 25 KB', () => {
  expect(assetsBytes()).toBeGreaterThan(5_000)
  expect(assetsBytes()).toBeLessThan(25 * 1024)
})
