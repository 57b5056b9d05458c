import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Waiting, type Outcome, type WaitingFetch } from './waiting.ts'

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
  readonly #slow: boolean

  /** @param slow a look takes its time, as with a database */
  constructor(slow = false) {
    this.#slow = slow
  }

  wait(name: string, ...queues: string[]): void {
    const fetch: WaitingFetch = {
      queues,
      attempt: (told) => {
        this.looked.push(name)
        if (!this.#slow) told(this.#look(name, queues))
        else setImmediate(() => told(this.#look(name, queues)))
      },
      giveUp: () => {
        this.gaveUp.push(name)
        this.leave(name)
      },
    }
    this.#fetches.set(name, fetch)
    this.waiting.add(fetch)
  }

  #look(name: string, queues: readonly string[]): Outcome {
    if (this.#quiet.has(name)) return 'quiet'
    // One look at a time each, and none after the last: as FETCH itself sees to.
    if (this.served.includes(name)) return 'busy'
    const queue = queues.find((each) => (this.jobs.get(each) ?? 0) > 0)
    if (queue === undefined) return 'empty'
    this.jobs.set(queue, (this.jobs.get(queue) ?? 0) - 1)
    this.served.push(name)
    this.leave(name)
    return 'served'
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

test('where looks take time, a single job wakes no crowd, and many jobs wake more and more', async () => {
  const office = new Office(true)
  for (let i = 0; i < 100; i += 1) office.wait(`w${i}`, 'a')
  office.push('a')
  for (let i = 0; i < 10; i += 1) await turn()
  expect(office.served).toEqual(['w0'])
  expect(office.looked.length).toBeLessThan(5)
  office.push('a', 60)
  for (let i = 0; i < 12; i += 1) await turn()
  expect(office.served).toHaveLength(61)
  expect(office.served.slice(1, 4)).toEqual(['w1', 'w2', 'w3'])
})

test.each([false, true])(
  'whatever comes and goes (slow: %s): nobody waits while there is a job for him, none is served twice',
  async (slow) => {
    const queues = fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 1 })
    const event = fc.oneof(
      fc.record({ wait: queues }),
      fc.record({ push: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ leave: fc.nat(10) }),
      fc.record({ turn: fc.constant(true) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 40 }), async (events) => {
        const office = new Office(slow)
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
        for (let i = 0; i < (slow ? 50 : 1); i += 1) await turn()
        expect(new Set(office.served).size).toBe(office.served.length)
        for (const [i, wanted] of asked.entries()) {
          const name = String(i)
          if (office.served.includes(name) || left.has(name)) continue
          expect(wanted.map((queue) => office.jobs.get(queue) ?? 0)).toEqual(wanted.map(() => 0))
        }
      }),
    )
  },
)
