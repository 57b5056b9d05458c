import fc from 'fast-check'
import { expect, test } from 'vitest'
import { State, type Job } from '../types.ts'
import { Lane } from './lane.ts'

const job = (seq: number): Job => ({
  seq,
  queue: 'q',
  priority: 5,
  state: State.Queued,
  at: 0,
  jid: `job-${seq}`,
  wid: '',
  payload: '{}',
  extra: null,
})

type Step =
  { do: 'push' | 'cold' | 'shift' } | { do: 'warm'; count: number } | { do: 'withdraw'; at: number }

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ do: fc.constantFrom('push', 'cold', 'shift') }),
    fc.record({ do: fc.constant('warm'), count: fc.nat(4) }),
    fc.record({ do: fc.constant('withdraw'), at: fc.nat(20) }),
  ),
  { maxLength: 200 },
)

test('a lane is a list from which jobs may be taken anywhere', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const lane = new Lane('q', 5)
      let list: number[] = []
      let last = 0
      for (const step of all) {
        switch (step.do) {
          case 'push':
            // The order of a lane: a job after a cold one is cold.
            if (lane.coldLength > 0) break
            lane.push(job((last += 1)))
            list.push(last)
            break
          case 'cold':
            lane.pushCold((last += 1))
            list.push(last)
            break
          case 'shift':
            if (lane.first() !== undefined) expect(lane.shift()?.seq).toBe(list.shift())
            break
          case 'warm':
            lane.warmed(lane.nextCold(step.count).map(job))
            break
          case 'withdraw': {
            const seq = list[step.at]
            if (seq === undefined) break
            lane.withdraw({ seq })
            list = list.filter((other) => other !== seq)
            expect(lane.find(seq)).toBe(false)
          }
        }
        expect(lane.length).toBe(list.length)
        expect(lane.warmLength + lane.coldLength).toBe(list.length)
        expect([...lane.seqs()]).toEqual(list)
        expect(lane.firstSeq()).toBe(list[0] ?? 0)
        const middle = list[list.length >> 1] ?? 0
        expect(lane.find(middle)).not.toBe(list.length > 0 ? false : undefined)
        expect(lane.seqsAfter(middle, 3, false)).toEqual(list.filter((s) => s > middle).slice(0, 3))
        expect(lane.before(middle)).toBe(list.filter((s) => s < middle).length)
        const before = list.filter((s) => middle === 0 || s < middle).reverse()
        expect(lane.seqsAfter(middle, 3, true)).toEqual(before.slice(0, 3))
      }
    }),
  )
})

test('a lane from which many were taken gives their memory back', () => {
  const lane = new Lane('q', 5)
  lane.appendCold(Array.from({ length: 5000 }, (_, i) => i + 1))
  for (let seq = 2; seq < 5000; seq += 1) lane.withdraw({ seq })
  expect([...lane.seqs()]).toEqual([1, 5000])
  lane.warmed([job(1), job(5000)])
  expect(lane.shift()?.seq).toBe(1)
  expect(lane.shift()?.seq).toBe(5000)
  expect(lane.length).toBe(0)
})
