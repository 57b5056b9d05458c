import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pack, Unpacker } from './packing.ts'
import { Tally } from './tally.ts'

const whole = fc.oneof(fc.nat({ max: 40 }), fc.nat(), fc.maxSafeNat())

test('what is packed is unpacked, and stands in JSON as it is', () => {
  fc.assert(
    fc.property(fc.array(whole), (numbers) => {
      const text = pack(numbers)
      expect(JSON.stringify(text)).toBe(`"${text}"`)
      const from = new Unpacker(text)
      expect(numbers.map(() => from.next())).toEqual(numbers)
      expect(from.ended).toBe(true)
      expect(from.next()).toBe(0)
    }),
  )
})

test('a tally comes back from its text', () => {
  const tally = new Tally()
  tally.pushed = 12
  tally.done = 7
  tally.runMs = 1e9
  for (const value of [0, 3, 3, 214, 90_000]) tally.run.add(value)
  tally.wait.add(41)
  tally.see({ waiting: 0, retries: 318 })
  const back = new Tally()
  back.addPacked(tally.pack())
  expect(back).toEqual(tally)
  expect(back.waiting).toBe(0)
  expect(back.running).toBeUndefined()
  back.addPacked(tally.pack())
  expect(back).toMatchObject({ pushed: 24, done: 14, retries: 318 })
  expect(back.run.total).toBe(10)
})
