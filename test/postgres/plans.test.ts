import { afterAll, beforeAll, expect, test } from 'vitest'
import { pino } from 'pino'
import pg from 'pg'
import { openPostgres } from '../../packages/server/src/store/postgres/engine.ts'
import { statementsOf } from '../../packages/server/src/store/postgres/statements.ts'
import { TestClock } from '../store/harness.ts'
import { openDatabase, type Database } from './database.ts'

const SCHEMA = 'plans'
const sql = statementsOf(SCHEMA)

let database: Database
let client: pg.Client
beforeAll(async () => {
  database = await openDatabase()
  const log = pino({ level: 'silent' })
  const store = openPostgres({ url: database.url, schema: SCHEMA, clock: new TestClock(), log })
  await store.open()
  await store.close()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.close()
})

/** The statements of a group, with values of a busy moment. */
const GROUP = [
  [sql.records, [['queue'], ['default']]],
  [sql.allRecords, [['queue']]],
  [sql.settle, [['job-1'], ['w1']]],
  [sql.reserved, [['job-1']]],
  [sql.claim, [['a', 'b'], [0, 0], [10, 10], 2, 0, ['w', 'w']]],
  [sql.claimPast, [['a', 'b'], [5, 0], [10, 10], 2, 0, ['w', 'w']]],
  [sql.due[1], [0, 10]],
  [sql.due[2], [0, 10]],
  [sql.due[3], [0, 10]],
  [sql.next[1], [0]],
  [sql.next[4], [0]],
  [sql.entries[1], [[1], [0]]],
  [sql.entries[3], [[1], [0]]],
  [sql.waiting, [[1], ['a'], [5]]],
  [sql.removed, [['a'], [5], 10]],
  [sql.move, [[1], [true], [0], [0], [''], [false], [null]]],
  [sql.drop, [[1]]],
  [sql.saveRecords, [['queue'], ['x'], ['{}'], ['{}'], 0]],
  [sql.verify, [['queue'], ['x'], ['{}'], 0]],
  [sql.mark, [1, 1, 0, 0]],
] as const

/** What each statement does to find its rows, where it does not use an index. */
async function scans(): Promise<string[]> {
  const found: string[] = []
  for (const [{ name, text }, values] of GROUP) {
    await client.query('begin')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (costs off) execute ${name}(${values.map(literal).join(', ')})`,
    )
    await client.query('rollback')
    for (const row of rows) {
      const line = row['QUERY PLAN'].trim()
      if (/Seq Scan on|Bitmap|Hash Join|Merge Join/.test(line)) found.push(`${name}: ${line}`)
    }
    expect(text).not.toBe('')
  }
  return found
}

function literal(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  const items = value.map((one) => (one === null ? 'null' : JSON.stringify(one)))
  return `'{${items.map((one) => one.replaceAll('"{}"', '"\\{\\}"')).join(',')}}'`
}

async function prepare(): Promise<void> {
  await client.query('deallocate all')
  // The plan that a busy connection ends up with, and the settings of one.
  await client.query('set plan_cache_mode = force_generic_plan')
  for (const one of ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']) {
    await client.query(`set enable_${one} = off`)
  }
  for (const [{ name, text }] of GROUP) await client.query(`prepare ${name} as ${text}`)
}

test('every statement finds its rows by an index, whatever the table was when it was planned', async () => {
  await prepare()
  expect(await scans()).toEqual([])

  // Plans that were made for an empty table, on a full one; and made anew for it.
  await client.query(`
    insert into ${SCHEMA}.job(seq, jid, queue, priority, state, at, payload)
    select n, 'job-' || n, 'q' || n % 5, 1 + n % 9, n % 5, n, '{}' from generate_series(1, 100000) n;
    insert into ${SCHEMA}.record select 'queue', 'q' || n, '{}' from generate_series(1, 1000) n;
    insert into ${SCHEMA}.server default values;
    analyze ${SCHEMA}.job, ${SCHEMA}.record`)
  expect(await scans()).toEqual([])
  await prepare()
  expect(await scans()).toEqual([])
})
