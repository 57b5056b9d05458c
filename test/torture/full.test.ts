import { expect, it } from 'vitest'
import { seedOf } from '../support/random.ts'
import { torture } from './run.ts'

// JOBMILL_TORTURE_SEED repeats a run's kill times, JOBMILL_TORTURE_KILLS makes it longer (soak.mjs).
const seed = seedOf('JOBMILL_TORTURE_SEED')
const kills = Number(process.env['JOBMILL_TORTURE_KILLS'] ?? 24)

it('full: no kill loses a job, and only the last instants before one run again', async () => {
  const { violations, ...figures } = await torture({ seed, kills, durability: 'full' })
  console.log(`torture, full, JOBMILL_TORTURE_SEED=${seed}`, JSON.stringify(figures))
  expect(violations.slice(0, 20), `${violations.length} violations, seed ${seed}`).toEqual([])
  expect(figures.pushed).toBeGreaterThan(1000)
}, 3_600_000)
