import { formatTime } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bench, wireJob } from '../../../../test/support/rules.ts'
import { State, type Change } from '../types.ts'
import { push } from './push.ts'

type Insert = Extract<Change, { do: 'insert' }>

/** What a push puts where; throws when it was refused. */
function inserted(bench: Bench, job: Parameters<typeof wireJob>[0]): Insert {
  const { reply, changes } = bench.decide(push, wireJob(job))
  const insert = changes.find((change) => change.do === 'insert')
  if (insert === undefined) throw new Error(`refused: ${reply?.text ?? ''}`)
  return insert
}

const member = (insert: Insert, name: string): unknown =>
  (JSON.parse(insert.job.payload) as Record<string, unknown>)[name]

// In the order in which they are looked at: of several faults the first is told.
const FAULTS = [
  [{ jid: 'seven-7' }, 'jobs must have a reasonable jid parameter'],
  [{ jobtype: '' }, 'jobs must have a jobtype parameter'],
  [{ hasArgs: false }, 'jobs must have an args parameter'],
  [{ reserveFor: 86_401 }, 'jobs cannot be reserved for more than one day'],
  [
    { at: 'noon' },
    `invalid timestamp for 'at': "noon": parsing time "noon" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "noon" as "2006"`,
  ],
  [
    { queue: 'a queue' },
    'cannot get "a queue" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z',
  ],
] as const

test('of all that is wrong with a job the first is told, and nothing is pushed', () => {
  fc.assert(
    fc.property(fc.subarray([...FAULTS.keys()], { minLength: 1 }), (chosen) => {
      const faults = chosen.map((i) => FAULTS[i] ?? FAULTS[0])
      const job: Parameters<typeof wireJob>[0] = Object.assign({}, ...faults.map(([bad]) => bad))
      const { reply, changes } = new Bench().decide(push, wireJob(job))
      expect(reply?.text).toBe(faults[0]?.[1])
      expect(changes).toEqual([])
    }),
  )
})

test.each([
  ['', false],
  ['1234567', false],
  ['12345678', true],
  ['äöüß', true],
  ['äöü', false],
  ['with\0a-null', false],
])('the jid %j is taken: %s', (jid, taken) => {
  expect(new Bench().decide(push, wireJob({ jid })).reply === undefined).toBe(taken)
})

test('queue names are letters, digits, dot, dash and underscore, and nothing else', () => {
  const name = fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/),
    fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
    fc.constantFrom('a\n', '\na', 'a b', 'ä', '*', 'a/b'),
  )
  fc.assert(
    fc.property(name, (queue) => {
      const allowed = queue.split('').every((c) => /[a-zA-Z0-9._-]/.test(c))
      expect(new Bench().decide(push, wireJob({ queue })).reply === undefined).toBe(allowed)
    }),
  )
})

test('what is not said gets its default, in the payload too', () => {
  const bench = new Bench()
  const insert = inserted(bench, { createdAt: '' })
  expect(insert.job).toMatchObject({ queue: 'default', priority: 5, extra: null })
  expect(JSON.parse(insert.job.payload)).toEqual({
    jid: 'job-00000001',
    jobtype: 'T',
    args: [1],
    queue: 'default',
    retry: 25,
    created_at: formatTime(bench.ms),
  })
})

test('what is said stays the text that the client sent', () => {
  const text = '{"queue" : "q", "retry":3,"x":1.0e3}'
  const insert = inserted(new Bench(), { queue: 'q', retry: 3, text })
  expect(insert.job.payload).toBe(text)
  expect(insert.job.extra).toEqual({ retry: 3 })
})

test('each job has its own retry: what one says is no default for the next', () => {
  fc.assert(
    fc.property(fc.option(fc.integer({ min: -3, max: 60 }), { nil: undefined }), (retry) => {
      const bench = new Bench()
      bench.run(push, wireJob({ jid: 'job-before', retry: 3 }))
      const insert = inserted(bench, { retry })
      expect(insert.job.extra?.retry ?? 25).toBe(retry ?? 25)
      expect(member(insert, 'retry')).toBe(retry === undefined ? 25 : undefined)
    }),
  )
})

test('priorities 1 to 9 are taken, all others mean 5', () => {
  expect(inserted(new Bench(), { priority: undefined }).job.priority).toBe(5)
  for (let priority = 0; priority <= 255; priority += 1) {
    const fits = priority >= 1 && priority <= 9
    expect(inserted(new Bench(), { priority }).job.priority).toBe(fits ? priority : 5)
  }
})

test('a job goes to its schedule only when its time is still to come', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), (inMs) => {
      const bench = new Bench()
      const insert = inserted(bench, { at: formatTime(bench.ms + inMs) })
      expect(insert.state).toBe(inMs > 0 ? State.Scheduled : State.Queued)
      expect(insert.at).toBe(inMs > 0 ? bench.ms + inMs : bench.ms)
    }),
    { examples: [[-1], [0], [1]] },
  )
})

test('no job falls due before its time, by not so much as a microsecond', () => {
  const bench = new Bench()
  const second = new Date(bench.ms).toISOString().slice(0, 19)
  expect(inserted(bench, { at: `${second}.000001Z` })).toMatchObject({
    state: State.Scheduled,
    at: bench.ms + 1,
  })
})

test('a queue is known from its first waiting job, not from a scheduled one', () => {
  const bench = new Bench()
  bench.run(push, wireJob({ queue: 'later', at: formatTime(bench.ms + 1000) }))
  expect(bench.memory.record('queue', 'later')).toBeUndefined()
  bench.run(push, wireJob({ jid: 'job-00000002', queue: 'now' }))
  expect(bench.memory.record('queue', 'now')?.known).toBe(true)
})

test('the same jid twice is two jobs', () => {
  const bench = new Bench()
  for (let i = 0; i < 2; i += 1) expect(bench.run(push, wireJob())).toBeUndefined()
  expect(bench.memory.queueSize('default')).toBe(2)
})
