import { expect, it } from 'vitest'
import { seedOf } from '../support/random.ts'
import { torture } from './run.ts'

// JOBMILL_TORTURE_SEED repeats a run's kill times, JOBMILL_TORTURE_KILLS makes it longer (soak.mjs).
const seed = seedOf('JOBMILL_TORTURE_SEED')
const kills = Number(process.env['JOBMILL_TORTURE_KILLS'] ?? 20)

it('strict: no kill loses a job, and none whose ACK was answered runs again', async () => {
  const { violations, ...figures } = await torture({ seed, kills, durability: 'strict' })
  console.log(`torture, strict, JOBMILL_TORTURE_SEED=${seed}`, JSON.stringify(figures))
  expect(violations.slice(0, 20), `${violations.length} violations, seed ${seed}`).toEqual([])
  expect(figures.ranAgain).toBe(0)
  expect(figures.pushed).toBeGreaterThan(1000)
}, 3_600_000)
