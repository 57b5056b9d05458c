import { expect, test } from 'vitest'
import { Costly } from './costly.ts'

function setup() {
  const clock = { ms: 0 }
  const costly = new Costly<number>(100, () => clock.ms)
  let asked = 0
  const ask = (tookMs: number) => (): Promise<number> => {
    asked += 1
    clock.ms += tookMs
    return Promise.resolve(asked)
  }
  return { clock, costly, ask }
}

test('a quick answer is asked for anew each time, a slow one holds for five times as long', async () => {
  const { clock, costly, ask } = setup()
  expect(await costly.get(ask(10))).toBe(1)
  expect(await costly.get(ask(10))).toBe(2)
  expect(await costly.get(ask(500))).toBe(3)
  clock.ms += 2_499
  expect(await costly.get(ask(500))).toBe(3)
  clock.ms += 1
  // Known to be slow: who comes while it is asked waits for the same.
  const both = [costly.get(ask(20)), costly.get(ask(20))]
  expect(await Promise.all(both)).toEqual([4, 4])
  // It was quick this time.
  expect(await costly.get(ask(10))).toBe(5)
  expect(await costly.get(ask(10))).toBe(6)
})

test('a question that fails is asked again', async () => {
  const { costly, ask } = setup()
  await expect(costly.get(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await costly.get(ask(1))).toBe(1)
})
