// Tortures the server for a long time: new seeds until the time is over or a run fails.
//   node test/torture/soak.mjs [MINUTES=10] [KILLS PER RUN=60]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const minutes = Number(process.argv[2] ?? 10)
const kills = process.argv[3] ?? '60'
const root = fileURLToPath(new URL('../..', import.meta.url))
const tests = ['test/torture/full.test.ts', 'test/torture/strict.test.ts']
tests.push('test/power-cut/power-cut.test.ts')

const endMs = Date.now() + minutes * 60_000
let runs = 0
for (let seed = Math.floor(Math.random() * 1e9); Date.now() < endMs; seed += 1) {
  const test = tests[runs % tests.length] ?? ''
  const env = {
    ...process.env,
    JOBMILL_TORTURE_SEED: String(seed),
    JOBMILL_TORTURE_KILLS: kills,
    JOBMILL_CUT_SEED: String(seed),
    JOBMILL_CUTS: String(Number(kills) * 20),
  }
  const command = ['vitest', 'run', '--project', 'system', '--silent=false', test]
  const ran = spawnSync('npx', command, { cwd: root, env, stdio: 'inherit' })
  runs += 1
  if (ran.status !== 0) {
    console.error(`failed in run ${runs}: ${test}, seed ${seed}`)
    process.exit(1)
  }
}
console.log(`${runs} runs without a failure`)
