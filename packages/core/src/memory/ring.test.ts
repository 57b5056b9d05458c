import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NumberRing, Ring } from './ring.ts'

const steps = fc.array(fc.oneof(fc.constant('push' as const), fc.nat(20)), { maxLength: 500 })

test('a ring gives back what was pushed, in order, while it grows and shrinks', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const ring = new Ring<{ n: number }>()
      const model: { n: number }[] = []
      let n = 0
      for (const step of list) {
        if (step === 'push') {
          const item = { n: (n += 1) }
          ring.push(item)
          model.push(item)
        } else {
          for (let i = 0; i < step; i += 1) expect(ring.shift()).toBe(model.shift())
        }
        expect(ring.length).toBe(model.length)
        expect(ring.first()).toBe(model[0])
      }
      expect([...ring]).toEqual(model)
    }),
  )
})

test('a ring of numbers does the same, many at a time too', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const ring = new NumberRing()
      let model: number[] = []
      let n = 0
      for (const step of list) {
        if (step === 'push') {
          ring.push((n += 1))
          model.push(n)
        } else if (step % 2 === 0) {
          const many = Array.from({ length: step }, () => (n += 1))
          ring.append(many)
          model.push(...many)
        } else {
          ring.drop(step)
          model = model.slice(step)
        }
        expect(ring.length).toBe(model.length)
      }
      expect(Array.from({ length: ring.length }, (_, i) => ring.at(i))).toEqual(model)
      expect(ring.at(ring.length)).toBe(0)
    }),
  )
})
