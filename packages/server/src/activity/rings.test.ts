import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CountRing } from './count-ring.ts'
import { Fetchers } from './fetchers.ts'
import { Marks } from './marks.ts'
import { Outcomes, type Outcome } from './outcomes.ts'

test('a ring of counts knows the newest steps, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ later: fc.nat(12), n: fc.nat(5) })), (events) => {
      const ring = new CountRing(8)
      const counted: { step: number; n: number }[] = []
      let step = 100
      for (const { later, n } of events) {
        step += later
        ring.add(step, n)
        counted.push({ step, n })
      }
      const newest = counted.at(-1)?.step ?? 0
      const back = new CountRing(8)
      back.addPacked(ring.pack())
      for (let at = newest - 10; at <= newest + 2; at += 1) {
        const exact = counted.reduce((sum, one) => (one.step === at ? sum + one.n : sum), 0)
        const expected = at > newest - 8 ? exact : 0
        expect(ring.at(at)).toBe(expected)
        expect(back.at(at)).toBe(expected)
      }
      const all = counted.filter((one) => one.step > newest - 8).reduce((sum, { n }) => sum + n, 0)
      expect(ring.sum(0, Infinity)).toBe(all)
    }),
  )
})

const outcome = (n: number): Outcome => ({
  jid: `job-${n % 7}`,
  jobtype: 'T',
  queue: 'q',
  result: 'done',
  wid: 'w',
  fetchedAtMs: n,
  endedAtMs: n + 1,
})

test('a ring of outcomes keeps the newest, newest first, and says since when', () => {
  fc.assert(
    fc.property(fc.nat(40), (count) => {
      const ring = new Outcomes(10)
      for (let n = 0; n < count; n += 1) ring.add(outcome(n), 'done', outcome(n))
      const kept = Array.from({ length: count }, (_, n) => outcome(n)).slice(-10)
      expect(ring.on('w', 100)).toEqual(kept.toReversed())
      expect(ring.sinceMs).toBe(kept[0]?.endedAtMs)
      expect(ring.of('job-3')).toEqual(kept.filter(({ jid }) => jid === 'job-3').reverse())
    }),
  )
})

test('knows which queues are fetched from, when, and by how many', () => {
  const fetchers = new Fetchers()
  fetchers.heard('w1', ['a', 'b', 'a'], 1000)
  fetchers.heard('w2', ['b'], 5000)
  fetchers.heard('w1', ['a'], 6000)
  expect(fetchers.of('w1')).toEqual({ queues: ['a'], atMs: 6000 })
  expect(fetchers.byQueue(5500)).toEqual(
    new Map([
      ['a', { atMs: 6000, workers: 1 }],
      ['b', { atMs: 5000, workers: 0 }],
    ]),
  )
  fetchers.forgetOld(5000 + 3_600_001)
  expect(fetchers.of('w2')).toBeUndefined()
  expect(fetchers.of('w1')).toBeDefined()
})

test('marks are kept in order of time, the newest 200', () => {
  const marks = new Marks()
  for (let n = 300; n > 0; n -= 1) marks.add({ label: `v${n}`, atMs: n })
  expect(marks.between(0, 1000)).toHaveLength(200)
  expect(marks.between(299, 1000)).toEqual([
    { label: 'v299', atMs: 299 },
    { label: 'v300', atMs: 300 },
  ])
  const back = new Marks()
  back.take(marks.write())
  expect(back.between(0, 1000)).toEqual(marks.between(0, 1000))
})
