import { randomBytes } from 'node:crypto'
import { fetch } from '@jobmill/core'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgres } from '../../packages/server/src/store/postgres/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { ask, jidOf, TestClock } from '../store/harness.ts'
import { openDatabase, runSql, type Database } from './database.ts'

let database: Database
let stores: Store[] = []
let schema = ''
let count = 0
let client: pg.Client

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  schema = `inbox_${process.pid}_${(count += 1)}`
  stores = []
  for (let i = 0; i < 2; i += 1) {
    const log = pino({ level: 'silent' })
    const store = openPostgres({
      url: database.url,
      schema,
      clock: new TestClock(),
      log,
      slowCountMs: Infinity,
    })
    await store.open()
    stores.push(store)
  }
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterEach(async () => {
  await client.end()
  for (const store of stores) await store.close()
})

const waiting = async (): Promise<number> => (await stores[0]?.stats())?.queues.get('default') ?? 0
const left = () => runSql(database.url, `select job, refused from ${schema}.inbox order by id`)

test('a job is pushed with the transaction of the application, or not at all', async () => {
  await client.query('begin')
  const { rows } = await client.query<{ push: string }>(
    `select ${schema}.push('{"jobtype":"T","args":[1.0,"é"]}')`,
  )
  const jid = rows[0]?.push ?? ''
  expect(jid).toMatch(/^[0-9a-f]{32}$/)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await waiting()).toBe(0)
  await client.query('commit')
  await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
  expect(await left()).toEqual([])
  const [store] = stores
  if (store === undefined) throw new Error('two engines run')
  const fetched = await ask(store, fetch, { queues: ['default'], wid: '' })
  if (typeof fetched !== 'object') throw new Error('it waits in its queue')
  expect(jidOf(fetched)).toBe(jid)
  expect(fetched.payload).toContain('"args":[1.0,"é"]')

  await client.query('begin')
  await client.query(`select ${schema}.push('{"jid":"job-undone-1","jobtype":"T","args":[]}')`)
  await client.query('rollback')
  await client.query(`select ${schema}.push('{"jid":"job-done-1","jobtype":"T","args":[]}')`)
  await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
  expect(jidOf((await ask(store, fetch, { queues: ['default'], wid: '' })) as never)).toBe(
    'job-done-1',
  )
})

test('many jobs at once go in by one statement, each once, however many servers take them', async () => {
  await client.query(
    `insert into ${schema}.inbox(job) select json_build_object('jid', 'job-bulk-' || n,
       'jobtype', 'T', 'args', json_build_array(n)) from generate_series(1, 1000) n`,
  )
  await expect.poll(waiting, { timeout: 20_000 }).toBe(1000)
  expect(await left()).toEqual([])
  const jids = await runSql(database.url, `select distinct jid from ${schema}.job`)
  expect(jids).toHaveLength(1000)
})

test('what the rules will not have stays, and says why; the others are taken', async () => {
  const jobs = [
    `'{"jid":"job-good-1","jobtype":"T","args":[]}'`,
    `'{"jid":"job-none-1","args":[]}'`,
    `'[1]'`,
    // No index of the database takes such a name.
    `'{"jid":"job-long-1","jobtype":"T","args":[],"queue":"${randomBytes(20_000).toString('hex')}"}'`,
    `'{"jid":"job-good-2","jobtype":"T","args":[]}'`,
  ]
  await client.query(
    `insert into ${schema}.inbox(job) values ${jobs.map((job) => `(${job})`).join(', ')}`,
  )
  await expect.poll(waiting, { timeout: 20_000 }).toBe(2)
  await expect
    .poll(async () => (await left()).map(({ refused }) => refused), { timeout: 20_000 })
    .toEqual([
      'jobs must have a jobtype parameter',
      expect.stringContaining('invalid JSON'),
      expect.stringMatching(/index row/),
    ])
})
