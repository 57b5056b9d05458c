import { formatTime } from '@jobmill/protocol'
import { expect, test } from 'vitest'
import { Bench, jidOf, wireJob } from '../../../../test/support/rules.ts'
import { State } from '../types.ts'
import { push } from './push.ts'
import { pauseQueues, removeQueues, resumeQueues } from './queue.ts'
import { enqueueDue, sweepRemoved } from './task.ts'

/** A waiting job in each of these queues. */
function benchWith(...queues: string[]): Bench {
  const bench = new Bench()
  for (const queue of queues) bench.run(push, wireJob({ jid: `job-${queue}-0001`, queue }))
  return bench
}

const gives = (bench: Bench, queue: string): boolean => typeof bench.fetch([queue]) === 'object'

const queue = (bench: Bench, name: string) => bench.memory.record('queue', name)

test('a paused queue takes jobs and gives none; the next named queue is served instead', () => {
  const bench = benchWith('a', 'b')
  bench.run(pauseQueues, { names: ['a'] })
  bench.run(push, wireJob({ queue: 'a' }))
  expect(bench.memory.queueSize('a')).toBe(2)
  expect(gives(bench, 'a')).toBe(false)
  expect(jidOf(bench.fetch(['a', 'b']))).toBe('job-b-0001')
  bench.run(resumeQueues, { names: ['a'] })
  expect(gives(bench, 'a')).toBe(true)
})

test('a star pauses all queues that are known now, and resumes all that are paused', () => {
  const bench = benchWith('a', 'b')
  bench.run(pauseQueues, { names: ['early'] })
  bench.run(pauseQueues, { names: ['*', 'ignored'] })
  bench.run(push, wireJob({ queue: 'c' }))
  expect(['a', 'b', 'c'].map((name) => gives(bench, name))).toEqual([false, false, true])
  expect(queue(bench, 'ignored')).toBeUndefined()
  bench.run(resumeQueues, { names: ['*'] })
  expect(['a', 'b'].map((name) => gives(bench, name))).toEqual([true, true])
  expect(queue(bench, 'early')).toBeUndefined()
})

test('a pause of a queue that is not seen yet holds its first job, and does not list it', () => {
  const bench = new Bench()
  bench.run(pauseQueues, { names: ['later', '', 'no queue name'] })
  expect([...bench.memory.records('queue')]).toEqual([
    ['later', { known: false, paused: true, removedTo: 0 }],
  ])
  bench.run(push, wireJob({ queue: 'later' }))
  expect(queue(bench, 'later')).toMatchObject({ known: true, paused: true })
  expect(gives(bench, 'later')).toBe(false)
})

test('a star removes what is known: the pause of a queue not seen yet stays', () => {
  const bench = benchWith('a')
  bench.run(pauseQueues, { names: ['later'] })
  bench.run(removeQueues, { names: ['*'] })
  bench.run(sweepRemoved, { limit: 10 })
  expect([...bench.memory.records('queue')].map(([name]) => name)).toEqual(['later'])
})

test('a removed queue loses its waiting jobs, name and pause, and nothing else', () => {
  const bench = benchWith('a', 'a', 'b')
  expect(gives(bench, 'a')).toBe(true)
  bench.run(push, wireJob({ jid: 'job-later', queue: 'a', at: formatTime(bench.ms + 1000) }))
  bench.run(pauseQueues, { names: ['a'] })
  bench.run(removeQueues, { names: ['a', 'a', 'unknown', ''] })
  expect(bench.memory.queueSize('a')).toBe(0)
  expect(queue(bench, 'a')).toMatchObject({ known: false, paused: false })
  expect(queue(bench, 'unknown')).toBeUndefined()
  expect(bench.memory.setSize(State.Reserved)).toBe(1)
  expect(bench.memory.setSize(State.Scheduled)).toBe(1)
  expect(gives(bench, 'b')).toBe(true)

  bench.ms += 1000
  bench.run(enqueueDue, { set: State.Scheduled, limit: 10 })
  expect(gives(bench, 'a')).toBe(true)
})

test('the rows of removed queues go in slices, oldest first, and with the last their marks', () => {
  const bench = new Bench()
  for (let i = 0; i < 5; i += 1) bench.run(push, wireJob({ jid: `job-${1000 + i}`, queue: 'a' }))
  bench.run(removeQueues, { names: ['*'] })
  bench.run(push, wireJob({ jid: 'job-after', queue: 'a' }))
  expect(bench.disk.rows.size).toBe(6)

  expect(bench.run(sweepRemoved, { limit: 3 }).count).toBe(3)
  expect([...bench.disk.rows.keys()]).toEqual([4, 5, 6])
  expect(queue(bench, 'a')?.removedTo).toBe(5)
  expect(bench.run(sweepRemoved, { limit: 3 }).count).toBe(2)
  expect([...bench.disk.rows.keys()]).toEqual([6])
  expect(queue(bench, 'a')).toEqual({ known: true, paused: false, removedTo: 0 })
  expect(gives(bench, 'a')).toBe(true)
})

test('a queue that is removed and not used again is forgotten', () => {
  const bench = benchWith('a')
  bench.run(removeQueues, { names: ['a'] })
  bench.run(sweepRemoved, { limit: 10 })
  expect([...bench.memory.records('queue')]).toEqual([])
  expect(bench.decide(sweepRemoved, { limit: 10 }).changes).toEqual([])
})

test('a queue removed twice while its rows still go loses the later jobs too', () => {
  const bench = benchWith('a')
  bench.run(removeQueues, { names: ['a'] })
  bench.run(push, wireJob({ jid: 'job-second', queue: 'a' }))
  bench.run(removeQueues, { names: ['a'] })
  expect(gives(bench, 'a')).toBe(false)
  expect(bench.run(sweepRemoved, { limit: 10 }).count).toBe(2)
  expect(bench.disk.rows.size).toBe(0)
})
