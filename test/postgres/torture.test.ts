import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random, seedOf } from '../support/random.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { Ledger } from '../torture/ledger.ts'
import { startLoad } from '../torture/load.ts'
import { freePort } from '../torture/port.ts'
import type { Row } from '../torture/rows.ts'
import { account, drain } from '../torture/run.ts'
import { Target } from '../torture/target.ts'
import { judge } from '../torture/verdict.ts'
import { Balancer } from './balancer.ts'
import { openDatabase, runSql, type Database } from './database.ts'

// JOBMILL_TORTURE_SEED repeats a run's choices, JOBMILL_TORTURE_KILLS makes it longer.
const seed = seedOf('JOBMILL_TORTURE_SEED')
const kills = Number(process.env['JOBMILL_TORTURE_KILLS'] ?? 12)
const SERVERS = 2

let database: Database
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const schema = `torture_${process.pid}`
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What is left, by jid. */
async function readRows(): Promise<Map<string, Row[]>> {
  const rows = new Map<string, Row[]>()
  const text = `select seq, jid, state, at, extra::text as extra, payload from ${schema}.job`
  for (const row of (await runSql(database.url, text)) as unknown as Row[]) {
    rows.set(row.jid, [...(rows.get(row.jid) ?? []), row])
  }
  return rows
}

it('servers killed behind a balancer, and a database that crashes, lose no job and run none twice', async () => {
  const random = new Random(seed)
  const ledger = new Ledger()
  const target = new Target(await freePort(random), ledger)
  const balancer = await Balancer.listen(target.port)
  const servers: RunningServer[] = []
  const start = async (): Promise<void> => {
    const server = await startServer({
      args: ['--database-schema', schema],
      env: { JOBMILL_DATABASE: database.url },
      web: false,
    })
    servers.push(server)
    balancer.add(server.port)
  }
  for (let i = 0; i < SERVERS; i += 1) await start()
  // One life: an answer of any of them binds all.
  ledger.beginLife()
  const workload = {
    random: random.fork(),
    producers: 6,
    workers: 8,
    backlogMax: 3000,
    name: 'job',
  }
  const load = startLoad(target, workload)
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(random.integer(0, 1200))
      if (database.own !== undefined && random.chance(0.25)) {
        await database.own.stop(random.pick(['SIGINT', 'SIGQUIT'] as const))
        await pause(random.integer(0, 300))
        await database.own.start()
        continue
      }
      const [victim] = servers.splice(random.integer(0, servers.length - 1), 1)
      await victim?.kill('SIGKILL')
      if (victim !== undefined) balancer.remove(victim.port)
      await start()
    }
    await pause(500)
    await drain(target, load)
    for (const server of servers.splice(0)) await server.stop()
    const rows = await readRows()
    const { violations, ...figures } = account(
      ledger,
      { kills },
      judge(ledger, rows, 'strict', Date.now()),
    )
    console.log(`torture, PostgreSQL, JOBMILL_TORTURE_SEED=${seed}`, JSON.stringify(figures))
    // That the database was away is told, and promises nothing.
    const wrong = violations.filter((text) => !text.includes('trouble with the database'))
    expect(wrong.slice(0, 20), `${wrong.length} violations, seed ${seed}`).toEqual([])
    expect(figures.pushed).toBeGreaterThan(500)
    expect(figures.acknowledged).toBeGreaterThan(300)
  } finally {
    load.stop()
    await load.ended.catch(() => undefined)
    for (const server of servers) await server.kill()
    await balancer.close()
  }
})
