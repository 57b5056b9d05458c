import { formatTime } from '@jobmill/protocol'
import { expect, test } from 'vitest'
import { Bench, jidOf, wireJob } from '../../../../test/support/rules.ts'
import { State, type TimedState } from '../types.ts'
import { flush, mutate } from './mutate.ts'
import { pauseQueues } from './queue.ts'
import { purgeDead } from './task.ts'
import { push } from './push.ts'
import { fail } from './work.ts'
import { hello } from './worker.ts'

const REPORT = { errtype: 'E', message: 'boom', backtrace: ['a.rb:1'] }
const DEAD_MS = 180 * 86_400_000

/** Three scheduled jobs: 1, 2 and 3, a minute apart, the last pushed first. */
function scheduled(): Bench {
  const bench = new Bench()
  for (const n of [3, 2, 1]) {
    const at = formatTime(bench.ms + n * 60_000)
    bench.run(push, wireJob({ jid: `job-number-${n}`, queue: 'q', at }))
  }
  return bench
}

const changeAll = (bench: Bench, cmd: 'clear' | 'discard' | 'kill' | 'requeue', set: TimedState) =>
  bench.run(mutate, { cmd, set, keys: bench.keysOf(set) })

const fetchJid = (bench: Bench): string | undefined => jidOf(bench.fetch(['q']))

test.each(['clear', 'discard'] as const)('%s deletes, and counts nothing as processed', (cmd) => {
  const bench = scheduled()
  expect(changeAll(bench, cmd, State.Scheduled)).toBe(3)
  expect(bench.disk.rows.size).toBe(0)
  expect(bench.memory.total('processed')).toBe(0)
})

test('kill moves to the dead from now on, adds no failure, and renews a death', () => {
  const bench = scheduled()
  expect(changeAll(bench, 'kill', State.Scheduled)).toBe(3)
  expect(bench.row('job-number-1')).toMatchObject({
    state: State.Dead,
    at: bench.ms,
    extra: null,
  })
  bench.ms += 1000
  expect(changeAll(bench, 'kill', State.Dead)).toBe(3)
  expect(bench.row('job-number-1').at).toBe(bench.ms)
  bench.ms += DEAD_MS - 1
  expect(bench.run(purgeDead, { limit: 10 }).count).toBe(0)
  bench.ms += 1
  expect(bench.run(purgeDead, { limit: 10 }).count).toBe(3)
})

test('requeue goes to the back of the queue, enqueued now, and makes the queue known', () => {
  const bench = scheduled()
  bench.ms += 1000
  expect(changeAll(bench, 'requeue', State.Scheduled)).toBe(3)
  bench.run(push, wireJob({ jid: 'job-after', queue: 'q' }))
  expect(bench.memory.record('queue', 'q')?.known).toBe(true)
  expect(bench.row('job-number-2').at).toBe(bench.ms)
  const jids = Array.from({ length: 4 }, () => fetchJid(bench))
  expect(jids).toEqual(['job-number-3', 'job-number-2', 'job-number-1', 'job-after'])
})

test('a requeued job keeps its failure and its number of retries', () => {
  const bench = new Bench()
  bench.run(push, wireJob({ jid: 'job-failing', queue: 'q', retry: 1 }))
  for (const state of [State.Retry, State.Dead] as const) {
    expect(fetchJid(bench)).toBe('job-failing')
    bench.run(fail, { jid: 'job-failing', wid: '', ...REPORT })
    expect(bench.row('job-failing').state).toBe(state)
    changeAll(bench, 'requeue', state)
  }
  expect(bench.row('job-failing').extra).toMatchObject({
    retry: 1,
    failure: { retryCount: 1, errtype: 'E' },
  })
})

test('jobs that left the set, or came back at another time, are passed over', () => {
  const bench = scheduled()
  const keys = bench.keysOf(State.Scheduled)
  bench.run(mutate, { cmd: 'discard', set: State.Scheduled, keys: keys.slice(0, 1) })
  const moved = keys.slice(1).map(({ seq, at }) => ({ seq, at: at + 1 }))
  expect(bench.run(mutate, { cmd: 'kill', set: State.Scheduled, keys: [...keys, ...moved] })).toBe(
    2,
  )
  expect(bench.run(mutate, { cmd: 'discard', set: State.Retry, keys })).toBe(0)
  expect(bench.memory.setSize(State.Dead)).toBe(2)
})

test('FLUSH forgets all but the workers', () => {
  const bench = scheduled()
  bench.run(hello, { wid: 'w1', hostname: 'h', pid: 1, labels: [], rssKb: 0, address: '' })
  bench.run(push, wireJob({ jid: 'job-reserved', queue: 'q' }))
  expect(fetchJid(bench)).toBe('job-reserved')
  bench.run(push, wireJob({ jid: 'job-waiting', queue: 'q' }))
  bench.run(pauseQueues, { names: ['q'] })
  bench.run(flush, undefined)
  expect(bench.disk.rows.size).toBe(0)
  const { memory } = bench
  expect([State.Reserved, State.Scheduled].map((set) => memory.setSize(set))).toEqual([0, 0])
  expect([...memory.records('queue')]).toEqual([])
  expect([...memory.records('worker')].map(([wid]) => wid)).toEqual(['w1'])
  expect(fetchJid(bench)).toBeUndefined()
  bench.run(push, wireJob({ jid: 'job-after', queue: 'q' }))
  expect(fetchJid(bench)).toBe('job-after')
})
