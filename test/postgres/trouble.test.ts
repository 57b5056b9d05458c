import { readFileSync } from 'node:fs'
import { ack, fetch, flush, hello, pauseQueues, push } from '@jobmill/core'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgres } from '../../packages/server/src/store/postgres/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { ask, TestClock, wire } from '../store/harness.ts'
import { openDatabase, OwnServer, runSql, type Database } from './database.ts'
import { Proxy } from './proxy.ts'

let database: Database
let schema = ''
let count = 0
let open: Store[] = []

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  schema = `trouble_${process.pid}_${(count += 1)}`
})
afterEach(async () => {
  for (const store of open) await store.close()
  open = []
})

function engine(url: string): Store {
  const log = pino({ level: 'silent' })
  const store = openPostgres({
    url,
    schema,
    clock: new TestClock(),
    log,
    strict: true,
    slowCountMs: Infinity,
  })
  open.push(store)
  return store
}

const pushed = (store: Store, jid: string, queue = '') => ask(store, push, wire({ jid, queue }))
const state = (store: Store): string => store.health().state
const jids = async (): Promise<unknown[]> =>
  (await runSql(database.url, `select jid from ${schema}.job order by seq`)).map(({ jid }) => jid)

test('without a database at the start it refuses at once, and goes on by itself', async () => {
  const own = await OwnServer.create()
  try {
    const store = engine(own.url)
    await store.open()
    expect(store.health()).toMatchObject({ state: 'unwritable' })
    await expect(pushed(store, 'job-early-1')).rejects.toMatchObject({ code: 'away' })
    await expect(store.stats()).rejects.toMatchObject({ code: 'away' })
    await own.start()
    await expect.poll(() => state(store), { timeout: 20_000 }).toBe('ready')
    expect(await pushed(store, 'job-late-1')).toBeUndefined()

    // Away in flight: told at once, too.
    await own.stop()
    await expect.poll(() => state(store), { timeout: 20_000 }).toBe('unwritable')
    await expect(pushed(store, 'job-early-2')).rejects.toMatchObject({ code: 'away' })
    await own.start()
    await expect.poll(() => state(store), { timeout: 20_000 }).toBe('ready')

    // A crash of the database.
    await own.stop('SIGQUIT')
    await expect.poll(() => state(store), { timeout: 20_000 }).toBe('unwritable')
    await own.start()
    await expect.poll(() => state(store), { timeout: 20_000 }).toBe('ready')
    expect((await store.stats()).queues.get('default')).toBe(1)
    await store.close()
  } finally {
    await own.remove()
  }
})

test.each(['before', 'after'] as const)(
  'a connection that is cut %s the COMMIT reaches the database is found out about',
  async (cut) => {
    const proxy = await Proxy.to(database.url)
    const store = engine(proxy.url)
    await store.open()
    await pushed(store, 'job-sound-1')
    const expected = ['job-sound-1']
    for (let i = 0; i < 4; i += 1) {
      proxy.cutNextCommit(cut)
      // Answered as if nothing had been, and done once.
      const both = [pushed(store, `job-cut-${i}-a`), pushed(store, `job-cut-${i}-b`)]
      expect(await Promise.all(both)).toEqual([undefined, undefined])
      expected.push(`job-cut-${i}-a`, `job-cut-${i}-b`)
      expect(await jids()).toEqual(expected)
    }
    expect(proxy.cuts).toBe(4)
    proxy.cutNextCommit(cut)
    expect(await ask(store, fetch, { queues: ['default'], wid: '' })).toMatchObject({})
    proxy.cutNextCommit(cut)
    expect(await ask(store, ack, { jid: 'job-sound-1', wid: '' })).toMatchObject({
      jid: 'job-sound-1',
    })
    expect(await store.stats()).toMatchObject({ processed: 1, working: 0 })
    await store.close()
    await proxy.close()
  },
)

test('a wire that says nothing any more is given up, and another is tried', async () => {
  const proxy = await Proxy.to(database.url)
  const store = engine(proxy.url)
  await store.open()
  proxy.silence(true)
  await expect(pushed(store, 'job-silent-1')).rejects.toMatchObject({ code: 'away' })
  expect(state(store)).toBe('unwritable')
  proxy.silence(false)
  await expect.poll(() => state(store), { timeout: 20_000 }).toBe('ready')
  expect(await pushed(store, 'job-again-1')).toBeUndefined()
  expect(await jids()).toEqual(['job-again-1'])
  await store.close()
  await proxy.close()
})

test('servers that change one record at once lose no change', async () => {
  const stores = [engine(database.url), engine(database.url), engine(database.url)]
  for (const store of stores) await store.open()
  const hi = { wid: 'w1', hostname: 'h', pid: 7, labels: [], rssKb: 0, address: '' }
  const rounds = Array.from({ length: 20 }, async (_, i) => {
    const queues = { names: [`q${i}`, `q${(i + 1) % 20}`] }
    await Promise.all(stores.flatMap((one) => [ask(one, hello, hi), ask(one, pauseQueues, queues)]))
  })
  await Promise.all(rounds)
  const [[, worker] = []] = (await stores[0]?.records('worker')) ?? []
  expect(worker).toMatchObject({ connections: 60 })
  expect(await stores[1]?.queues()).toHaveLength(20)
})

test('one command that the database will not have spoils no other of its group', async () => {
  const store = engine(database.url)
  await store.open()
  const bad = ask(store, fetch, { queues: ['no\0queue'], wid: '' })
  const good = [1, 2, 3].map((i) => pushed(store, `job-beside-${i}`))
  await expect(bad).rejects.toMatchObject({ code: 'away' })
  expect(await Promise.all(good)).toEqual([undefined, undefined, undefined])
  expect(state(store)).toBe('ready')
})

test('an older program on newer data refuses, and names the version that it needs', async () => {
  const store = engine(database.url)
  await store.open()
  await store.close()
  await runSql(
    database.url,
    `insert into ${schema}.migration(version, since) values (999, '7.8.9')`,
  )
  await expect(engine(database.url).open()).rejects.toThrow(/run Jobmill 7\.8\.9 or later/)
})

test('a database that is not there is told at the start', async () => {
  const nowhere = database.url.replace(/\/[^/]*$/, '/no_such_database')
  await expect(engine(nowhere).open()).rejects.toThrow(/no_such_database/)
})

test('a role with no more than the rights that docs/postgres.md names runs a server', async () => {
  const role = `role_${schema}`
  await runSql(database.url, `create role ${role} login password 'x'`)
  const url = new URL(database.url)
  url.username = role
  url.password = 'x'
  await expect(engine(url.href).open()).rejects.toThrow(/run jobmill migrate as their owner/)

  const owner = engine(database.url)
  await owner.open()
  const page = readFileSync(new URL('../../docs/postgres.md', import.meta.url), 'utf8')
  const grants = /```sql\n(grant usage on schema[^`]*)```/.exec(page)?.[1] ?? ''
  expect(grants.match(/grant/g)?.length).toBeGreaterThan(4)
  await runSql(
    database.url,
    grants.replaceAll(/\bjobmill_server\b/g, role).replaceAll(/\bjobmill\b/g, schema),
  )
  const store = engine(url.href)
  await store.open()
  expect(state(store)).toBe('ready')
  await pushed(store, 'job-least-1')
  expect(await ask(store, fetch, { queues: ['default'], wid: '' })).toBeTypeOf('object')
  expect(await ask(store, ack, { jid: 'job-least-1', wid: '' })).toMatchObject({
    jid: 'job-least-1',
  })
  await pushed(store, 'job-least-2')
  await ask(store, flush, undefined)
  expect(await store.stats()).toMatchObject({ processed: 0 })
  expect(await jids()).toEqual([])
})
