import {
  ack,
  enqueueDue,
  fetch,
  lapse,
  push,
  removeQueues,
  State,
  sweepRemoved,
  type Rule,
  type TaskReply,
} from '@jobmill/core'
import { formatTime } from '@jobmill/protocol'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgres } from '../../packages/server/src/store/postgres/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { ask, jidOf, TestClock, wire } from '../store/harness.ts'
import { openDatabase, runSql, type Database } from './database.ts'

let database: Database
let stores: Store[] = []
let clock = new TestClock()
let schema = ''
let count = 0

beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  schema = `tasks_${process.pid}_${(count += 1)}`
  clock = new TestClock()
  stores = []
  const log = pino({ level: 'silent' })
  for (let i = 0; i < 3; i += 1) {
    const store = openPostgres({
      url: database.url,
      schema,
      clock,
      log,
      strict: true,
      slowCountMs: Infinity,
    })
    await store.open()
    stores.push(store)
  }
})
afterEach(async () => {
  for (const store of stores) await store.close()
})

const at = (i: number): Store => {
  const store = stores[i % stores.length]
  if (store === undefined) throw new Error('three engines run')
  return store
}
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** Every server works a task off at the same time. @returns how many they handled together */
async function everywhere<I>(rule: Rule<I, TaskReply>, input: I & { limit: number }) {
  const each = await Promise.all(
    stores.map(async (store) => {
      let handled = 0
      for (;;) {
        const reply = await ask(store, rule, input)
        handled += reply.count
        if (reply.count < input.limit) return handled
      }
    }),
  )
  return each.reduce((a, b) => a + b, 0)
}

test('servers that all look for due jobs move each of them once', async () => {
  const due = range(400).map((i) => {
    const time = formatTime(clock.ms + 1000 + i)
    return ask(at(i), push, wire({ jid: `job-due-${i}`, at: time }))
  })
  await Promise.all(due)
  clock.ms += 10_000
  expect(await everywhere(enqueueDue, { set: State.Scheduled, limit: 30 })).toBe(400)
  expect(await at(0).stats()).toMatchObject({ scheduled: 0 })
  const jids = await runSql(database.url, `select jid from ${schema}.job where state = 0`)
  expect(new Set(jids.map(({ jid }) => jid)).size).toBe(400)
  expect(jids).toHaveLength(400)
})

test('servers that all look for lapsed reservations count each of them once', async () => {
  await Promise.all(
    range(200).map((i) => ask(at(i), push, wire({ jid: `job-lapse-${i}`, reserveFor: 60 }))),
  )
  const fetched = await Promise.all(
    range(200).map((i) => ask(at(i), fetch, { queues: ['default'], wid: `w${i % 7}` })),
  )
  expect(new Set(fetched.map((one) => jidOf(one as never))).size).toBe(200)
  clock.ms += 60_000
  // Some workers come in the last moment, on any server.
  const acks = range(50).map((i) => ask(at(i + 1), ack, { jid: `job-lapse-${i}`, wid: 'w0' }))
  const [handled, ...acked] = await Promise.all([everywhere(lapse, { limit: 20 }), ...acks])
  const inTime = acked.filter(Boolean).length
  expect(handled + inTime).toBe(200)
  expect(await at(1).stats()).toMatchObject({
    working: 0,
    retries: handled,
    processed: 200,
    failures: handled,
  })
})

test('a queue that is removed while others push into it keeps what came after, and is listed', async () => {
  await Promise.all(
    range(300).map((i) => ask(at(0), push, wire({ jid: `job-old-${i}`, queue: 'q' }))),
  )
  const pushes = range(60).map((i) => ask(at(1), push, wire({ jid: `job-mid-${i}`, queue: 'q' })))
  await Promise.all([...pushes, ask(at(2), removeQueues, { names: ['q'] })])
  await ask(at(0), push, wire({ jid: 'job-new-1', queue: 'q' }))
  await everywhere(sweepRemoved, { limit: 50 })
  const rows = await runSql(database.url, `select jid from ${schema}.job order by seq`)
  const jids = rows.map(({ jid }) => String(jid))
  expect(jids.filter((jid) => jid.startsWith('job-old-'))).toEqual([])
  expect(jids.at(-1)).toBe('job-new-1')
  expect((await at(0).stats()).queues.get('q')).toBe(jids.length)
})

test('two servers hand out by priority and age, whoever took the jobs in', async () => {
  const expected: string[] = []
  for (const priority of [9, 5, 1]) {
    for (const i of range(20)) expected.push(`job-order-${priority}-${i}`)
  }
  for (const i of range(20)) {
    for (const priority of [1, 5, 9]) {
      const jid = `job-order-${priority}-${i}`
      await ask(at(i + priority), push, wire({ jid, priority, queue: 'p' }))
    }
  }
  const got: (string | undefined)[] = []
  for (const i of range(60)) {
    got.push(jidOf((await ask(at(i), fetch, { queues: ['none', 'p'], wid: '' })) as never))
  }
  expect(got).toEqual(expected)
})

test('FETCHes with lists that differ get every job there is', async () => {
  const lists = [['a', 'b', 'c'], ['c', 'b'], ['b'], ['c', 'a'], ['a']]
  for (const round of range(10)) {
    await Promise.all(
      ['a', 'b', 'c'].map((queue) =>
        ask(at(0), push, wire({ jid: `job-list-${queue}-${round}`, queue })),
      ),
    )
    const fetches = lists.map((queues) => ask(at(1), fetch, { queues, wid: '' }))
    const got = (await Promise.all(fetches)).filter((one) => typeof one === 'object')
    expect(got).toHaveLength(3)
  }
})
