import { formatTime } from '@jobmill/protocol'
import { expect, test } from 'vitest'
import { Bench, wireJob } from '../../../../test/support/rules.ts'
import { flush } from '../rules/mutate.ts'
import { push } from '../rules/push.ts'
import { removeQueues } from '../rules/queue.ts'
import { enqueueDue } from '../rules/task.ts'
import { fetch } from '../rules/work.ts'
import { State } from '../types.ts'

/** A queue of so many jobs, of which memory has room for a few. */
function backlog(jobs: number, budgetBytes = 2000): Bench {
  const bench = new Bench(budgetBytes)
  for (let i = 0; i < jobs; i += 1) bench.run(push, wireJob({ jid: `job-${10_000_000 + i}` }))
  return bench
}

const fetchOne = (bench: Bench) => bench.run(fetch, { queues: ['default', 'other'], wid: '' })

const coldOf = (bench: Bench): number =>
  bench.memory.lanes('default').reduce((sum, lane) => sum + lane.coldLength, 0)

test('past the budget waiting jobs are eight bytes each, and come back from disk in order', () => {
  const bench = backlog(100)
  expect(coldOf(bench)).toBeGreaterThan(90)
  const jids: string[] = []
  for (let reply = fetchOne(bench); ; reply = fetchOne(bench)) {
    if (typeof reply === 'object') jids.push((JSON.parse(reply.payload) as { jid: string }).jid)
    else if (bench.memory.loading('default')) bench.bring(7)
    else break
  }
  expect(jids).toEqual(Array.from({ length: 100 }, (_, i) => `job-${10_000_000 + i}`))
})

test('a lane asks for its next jobs before the last one is gone, and once', () => {
  const bench = backlog(100)
  fetchOne(bench)
  fetchOne(bench)
  expect(bench.disk.wantedLanes).toHaveLength(1)
  bench.bring()
  expect(coldOf(bench)).toBe(0)
})

test('while the next jobs are on their way no other queue is served', () => {
  const bench = new Bench()
  bench.run(push, wireJob({ at: formatTime(bench.ms + 1) }))
  bench.run(push, wireJob({ jid: 'job-other', queue: 'other' }))
  bench.ms += 1
  bench.run(enqueueDue, { set: State.Scheduled, limit: 10 })
  expect(fetchOne(bench)).toBe('empty')
  bench.bring()
  expect(fetchOne(bench)).toMatchObject({ payload: expect.stringContaining('job-00000001') })
})

test.each([
  ['fetched', (bench: Bench) => bench.fetch(['default'])],
  ['removed', (bench: Bench) => bench.run(removeQueues, { names: ['default'] })],
])('a job that was %s makes room for another', (_, leave) => {
  const bench = new Bench(300)
  for (let i = 0; i < 20; i += 1) {
    bench.run(push, wireJob({ jid: `job-${10_000_000 + i}` }))
    expect(coldOf(bench)).toBe(0)
    leave(bench)
  }
})

test('a read that brings nothing is asked for again', () => {
  const bench = backlog(20, 0)
  expect(fetchOne(bench)).toMatchObject({ payload: expect.any(String) })
  for (let i = 0; i < 2; i += 1) {
    expect(fetchOne(bench)).toBe('empty')
    bench.bring(0)
  }
  expect(fetchOne(bench)).toBe('empty')
  bench.bring(1)
  expect(typeof fetchOne(bench)).toBe('object')
})

test.each([
  ['removed', (bench: Bench) => bench.run(removeQueues, { names: ['default'] })],
  ['flushed', (bench: Bench) => bench.run(flush, undefined)],
])('jobs of a queue that was %s while they were on their way take no room', (_, empty) => {
  const bench = backlog(100)
  fetchOne(bench)
  const rows = [...bench.disk.rows.values()].map((row) => ({ ...row }))
  const [lane] = bench.disk.wantedLanes
  if (lane === undefined) throw new Error('nothing was asked for')
  const asked = new Set(lane.nextCold(50))
  empty(bench)
  const room = bench.memory.warmLimit()
  bench.memory.warmed(
    lane,
    rows.filter((row) => asked.has(row.seq)),
  )
  expect(bench.memory.warmLimit()).toBe(room)
  bench.run(push, wireJob({ jid: 'job-after' }))
  expect(coldOf(bench)).toBe(0)
  expect(fetchOne(bench)).toMatchObject({ payload: expect.stringContaining('job-after') })
})
