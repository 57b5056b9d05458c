import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch, push, State } from '@jobmill/core'
import { formatTime } from '@jobmill/protocol'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ALL_JOBS } from '../../packages/server/src/filter/filter.ts'
import { parseFilter } from '../../packages/server/src/filter/parse.ts'
import { openEmbedded } from '../../packages/server/src/store/embedded/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { contractSuite } from './contract.ts'
import { ask, jidOf, openEmbeddedBench, take, TestClock, wire } from './harness.ts'

contractSuite('embedded', openEmbeddedBench)

const clock = new TestClock()
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobmill-embedded-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const create = (): Store =>
  openEmbedded({
    folder,
    durability: 'relaxed',
    memoryBytes: 1_000_000,
    clock,
    log: pino({ level: 'silent' }),
  })

const readiness = (store: Store): Promise<void> =>
  new Promise((resolve) => {
    store.onHealth(({ state }) => {
      if (state === 'ready') resolve()
    })
  })

async function openReady(): Promise<Store> {
  const store = create()
  const ready = readiness(store)
  await store.open()
  await ready
  return store
}

test('nothing is answered from a part of the data while it is loading', async () => {
  const before = await openReady()
  await ask(before, push, wire({ jid: 'job-waiting' }))
  await ask(before, push, wire({ jid: 'job-later-1', at: formatTime(clock.ms + 60_000) }))
  await before.close()

  const store = create()
  const ready = readiness(store)
  await store.open()
  expect(store.health().state).toBe('loading')
  const loading = { name: 'StoreError', code: 'loading' }
  await expect(store.stats()).rejects.toMatchObject(loading)
  await expect(store.latency('default')).rejects.toMatchObject(loading)
  await expect(store.select({ state: State.Scheduled }, ALL_JOBS)).rejects.toMatchObject(loading)
  await ready
  expect(await store.stats()).toMatchObject({ scheduled: 1 })
  await store.close()
})

test('rows that cannot be read go to a file and do not stop the start', async () => {
  const before = await openReady()
  for (const jid of ['job-sound-1', 'job-nowhere', 'job-priority', 'job-damaged']) {
    await ask(before, push, wire({ jid, at: formatTime(clock.ms + 60_000) }))
  }
  await ask(before, push, wire({ jid: 'job-waiting' }))
  await before.close()
  const db = new Sqlite(join(folder, 'jobmill.db'))
  db.exec("update job set state = 9 where jid = 'job-nowhere'")
  db.exec("update job set priority = 77 where jid = 'job-priority'")
  db.exec("update job set payload = '{' where jid = 'job-damaged'")
  db.exec("update record set value = '{' where kind = 'queue'")
  db.close()

  const store = await openReady()
  const stats = await store.stats()
  expect([...stats.queues]).toEqual([['default', 1]])
  expect(stats.scheduled).toBe(2)
  // The damaged payload hides the job from a search, and no other job.
  const found = await store.select({ state: State.Scheduled }, parseFilter('jobtype:T'))
  expect(found.seq).toHaveLength(1)
  await store.close()

  const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('set-aside-'))
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { table: 'record', kind: 'queue', key: 'default', value: '{' },
    { table: 'job', jid: 'job-nowhere', state: 9 },
    { table: 'job', jid: 'job-priority', priority: 77 },
  ])
  const rest = new Sqlite(join(folder, 'jobmill.db'), { readonly: true })
  expect(rest.prepare('select count(*) from job').pluck().get()).toBe(3)
  rest.close()
})

test('a FETCH goes to no other queue while the next jobs are on their way', async () => {
  const bench = await openEmbeddedBench({ memoryBytes: 20_000 })
  const pushed = (jid: string, queue: string) => ask(bench.store, push, wire({ jid, queue }))
  for (let i = 0; i < 100; i += 1) void pushed(`job-in-a-${i}`, 'a')
  await pushed('job-in-b', 'b')
  await bench.restart()
  expect(await ask(bench.store, fetch, { queues: ['a', 'b'], wid: '' })).toBe('empty')
  await expect.poll(() => bench.woken).toContain('a')
  expect(jidOf(await take(bench, ['a', 'b']))).toBe('job-in-a-0')
  await bench.close()
})

test('a page of large jobs is short, and goes on where it ended', async () => {
  const store = await openReady()
  const at = formatTime(clock.ms + 60_000)
  for (const jid of ['job-large-1', 'job-large-2', 'job-large-3']) {
    const text = JSON.stringify({ jid, jobtype: 'T', args: ['x'.repeat(3_000_000)] })
    await ask(store, push, wire({ jid, at, text }))
  }
  const page = { place: { state: State.Scheduled }, reversed: false, limit: 50, budgetMs: 1000 }
  const first = await store.list(page)
  expect(first.jobs.map(({ jid }) => jid)).toEqual(['job-large-1'])
  if (first.next === undefined) throw new Error('two more wait')
  const second = await store.list({ ...page, after: first.next })
  expect(second.jobs.map(({ jid }) => jid)).toEqual(['job-large-2'])
  await store.close()
})
