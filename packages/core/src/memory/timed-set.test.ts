import fc from 'fast-check'
import { expect, test } from 'vitest'
import { State, type Entry } from '../types.ts'
import { QueueIds, TimedSet } from './timed-set.ts'

const entry = (at: number, seq: number): Entry => ({
  seq,
  queue: `q${seq % 3}`,
  priority: 5,
  state: State.Retry,
  at,
})

test('gives the same as a sorted list, whatever is added and removed', () => {
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 3000, size: 'max' }), (commands) => {
      const set = new TimedSet(State.Retry, new QueueIds())
      let list: Entry[] = []
      let seq = 0
      for (const step of commands) {
        if ('add' in step) {
          const added = entry(step.add, (seq += 1))
          set.add(added)
          list.push(added)
          list.sort((a, b) => a.at - b.at || a.seq - b.seq)
        } else {
          const gone = list[step.remove % Math.max(1, list.length)]
          if (gone === undefined) continue
          expect(set.remove(gone.at, gone.seq)).toBe(true)
          expect(set.remove(gone.at, gone.seq)).toBe(false)
          list = list.filter((other) => other !== gone)
        }
      }
      expect(set.length).toBe(list.length)
      expect(set.firstAt()).toBe(list[0]?.at)
      expect(set.due(20, 100)).toEqual(list.filter((e) => e.at <= 20).slice(0, 100))
      expect([...set.all().seq]).toEqual(list.map((e) => e.seq))
      for (const e of list.slice(0, 50)) expect(set.get(e.at, e.seq)).toEqual(e)
    }),
    { numRuns: 40 },
  )
})

test('holds a hundred thousand entries at random times in order', () => {
  const set = new TimedSet(State.Scheduled, new QueueIds())
  let x = 12345
  const ats: number[] = []
  for (let seq = 1; seq <= 100_000; seq += 1) {
    x = (x * 1103515245 + 12345) % 2147483648
    ats.push(x)
    set.add({ ...entry(x, seq), state: State.Scheduled })
  }
  ats.sort((a, b) => a - b)
  expect(set.due(Infinity, 100_000).map((e) => e.at)).toEqual(ats)
})

test('takes a sorted load from disk and goes on from there', () => {
  const ids = new QueueIds()
  const set = new TimedSet(State.Dead, ids)
  const at = Float64Array.from({ length: 1000 }, (_, i) => i)
  const tag = new Int32Array(1000).fill(ids.id('default') * 16 + 5)
  set.append(at, at, tag)
  set.add({ seq: 2000, queue: 'default', priority: 5, state: State.Dead, at: 500 })
  expect(set.length).toBe(1001)
  expect(set.get(500, 2000)?.queue).toBe('default')
  expect(set.remove(999, 999)).toBe(true)
  expect(set.get(999, 999)).toBeUndefined()
})
