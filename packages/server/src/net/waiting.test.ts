import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Waiting, type WaitingFetch } from './waiting.ts'

/** Queues with numbers of jobs, and FETCHes that wait for them. */
class Office {
  readonly waiting = new Waiting()
  readonly jobs = new Map<string, number>()
  /** Who was served, in order. */
  readonly served: string[] = []
  readonly gaveUp: string[] = []
  readonly looked: string[] = []
  readonly #quiet = new Set<string>()
  readonly #fetches = new Map<string, WaitingFetch>()

  wait(name: string, ...queues: string[]): void {
    const fetch: WaitingFetch = {
      queues,
      attempt: () => {
        this.looked.push(name)
        if (this.#quiet.has(name)) return 'quiet'
        const queue = queues.find((each) => (this.jobs.get(each) ?? 0) > 0)
        if (queue === undefined) return 'empty'
        this.jobs.set(queue, (this.jobs.get(queue) ?? 0) - 1)
        this.served.push(name)
        this.leave(name)
        return 'served'
      },
      giveUp: () => {
        this.gaveUp.push(name)
        this.leave(name)
      },
    }
    this.#fetches.set(name, fetch)
    this.waiting.add(fetch)
  }

  leave(name: string): void {
    const fetch = this.#fetches.get(name)
    if (fetch !== undefined) this.waiting.remove(fetch)
  }

  quiet(name: string): void {
    this.#quiet.add(name)
  }

  push(queue: string, count = 1): void {
    this.jobs.set(queue, (this.jobs.get(queue) ?? 0) + count)
    this.waiting.wake([queue])
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a job in any of its queues wakes a FETCH, after the current event', async () => {
  const office = new Office()
  office.wait('w', 'a', 'b', 'c')
  office.push('b')
  expect(office.served).toEqual([])
  await turn()
  expect(office.served).toEqual(['w'])
})

test('who waits longest is served first, as many as there are jobs', async () => {
  const office = new Office()
  for (const name of ['first', 'second', 'third']) office.wait(name, 'a')
  office.push('a', 2)
  await turn()
  expect(office.served).toEqual(['first', 'second'])
})

test('a queue that nobody waits for wakes nobody', async () => {
  const office = new Office()
  office.wait('w', 'a')
  office.push('b')
  await turn()
  expect(office.looked).toEqual([])
})

test('one look is enough for a queue that was woken many times and is empty', async () => {
  const office = new Office()
  for (let i = 0; i < 100; i += 1) office.wait(`w${i}`, 'a')
  office.waiting.wake(['a'])
  office.waiting.wake(['a'])
  await turn()
  expect(office.looked).toEqual(['w0'])
})

test('who has left gets nothing, and the next one does', async () => {
  const office = new Office()
  office.wait('gone', 'a', 'b')
  office.wait('here', 'a')
  office.leave('gone')
  office.push('a')
  office.push('b')
  await turn()
  expect(office.served).toEqual(['here'])
})

test('a quiet worker is passed over, and not asked again', async () => {
  const office = new Office()
  office.wait('quiet', 'a')
  office.wait('busy', 'a')
  office.quiet('quiet')
  office.push('a')
  await turn()
  expect(office.served).toEqual(['busy'])
  office.push('a')
  await turn()
  expect(office.looked).toEqual(['quiet', 'busy'])
  office.waiting.giveUpAll()
  expect(office.gaveUp).toEqual(['quiet'])
})

test('a stop lets all go, once each, whatever they wait for', async () => {
  const office = new Office()
  office.wait('one', 'a', 'b')
  office.wait('two', 'b')
  office.wait('three')
  office.waiting.giveUpAll()
  expect(office.gaveUp).toEqual(['one', 'two', 'three'])
  office.push('b')
  await turn()
  expect(office.served).toEqual([])
})

test('serve looks at once, and again is nothing left to do', async () => {
  const office = new Office()
  office.wait('w', 'a')
  office.push('a')
  office.waiting.serve()
  expect(office.served).toEqual(['w'])
  await turn()
  expect(office.looked).toEqual(['w'])
})

test('whatever comes and goes: nobody waits while there is a job for him, none is served twice', async () => {
  const queues = fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1 })
  const event = fc.oneof(
    fc.record({ wait: queues }),
    fc.record({ push: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ leave: fc.nat(10) }),
    fc.record({ turn: fc.constant(true) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
      const office = new Office()
      const asked: string[][] = []
      const left = new Set<string>()
      for (const each of events) {
        if ('wait' in each) {
          office.wait(String(asked.length), ...each.wait)
          asked.push(each.wait)
          // A FETCH looks before it waits.
          office.waiting.wake(each.wait)
          office.waiting.serve()
        } else if ('push' in each) office.push(each.push, each.count)
        else if ('leave' in each) {
          office.leave(String(each.leave))
          left.add(String(each.leave))
        } else await turn()
      }
      await turn()
      expect(new Set(office.served).size).toBe(office.served.length)
      for (const [i, wanted] of asked.entries()) {
        const name = String(i)
        if (office.served.includes(name) || left.has(name)) continue
        expect(wanted.map((queue) => office.jobs.get(queue) ?? 0)).toEqual(wanted.map(() => 0))
      }
    }),
  )
})
