import {
  fetch,
  hello,
  pauseQueues,
  push,
  recover,
  rewrite,
  State,
  withdraw,
  type Job,
  type TimedState,
} from '@jobmill/core'
import { formatTime } from '@jobmill/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ALL_JOBS } from '../../packages/server/src/filter/filter.ts'
import { parseFilter } from '../../packages/server/src/filter/parse.ts'
import {
  positionOf,
  sliceOf,
  waitingSliceOf,
  type ListQuery,
  type Place,
} from '../../packages/server/src/store/store.ts'
import { ask, jidOf, take, wire, type Bench, type OpenBench } from './harness.ts'

const WAITING: Place = { state: State.Queued, queue: 'default' }

/** What every engine must do for pages, searches and operators. */
export function pagesContract(engine: string, openBench: OpenBench): void {
  describe(`pages of the ${engine} engine`, () => {
    let bench: Bench
    beforeEach(async () => {
      bench = await openBench()
    })
    afterEach(async () => {
      await bench.close()
    })

    const pushed = (jid: string, more: Partial<Parameters<typeof wire>[0]> = {}) =>
      ask(bench.store, push, wire({ jid, ...more }))
    const list = (place: Place, more: Partial<ListQuery> = {}) =>
      bench.store.list({ place, reversed: false, limit: 100, budgetMs: 1000, ...more })
    const jids = (jobs: readonly Job[]) => jobs.map(({ jid }) => jid)

    /** All pages of a place, three jobs each. */
    async function walk(place: Place, reversed: boolean): Promise<string[]> {
      const found: string[] = []
      let page = await list(place, { reversed, limit: 3 })
      for (;;) {
        found.push(...jids(page.jobs))
        if (page.next === undefined) return found
        expect(page.jobs).toHaveLength(3)
        page = await list(place, { reversed, limit: 3, after: page.next })
      }
    }

    it('lists a timed set by time, both ways, page by page', async () => {
      const names = Array.from({ length: 10 }, (_, i) => `job-timed-${i}`)
      for (const [i, jid] of names.entries()) {
        // Two of each time: seq decides.
        await pushed(jid, { at: formatTime(bench.clock.ms + 60_000 * (1 + (i >> 1))) })
      }
      const place = { state: State.Scheduled } as const
      expect(await walk(place, false)).toEqual(names)
      expect(await walk(place, true)).toEqual(names.toReversed())
      const { jobs } = await list(place)
      const [, , third] = jobs
      if (third === undefined) throw new Error('three were pushed')
      const past = await list(place, { after: positionOf(third), limit: 2 })
      expect(jids(past.jobs)).toEqual(['job-timed-3', 'job-timed-4'])
      const before = await list(place, { after: positionOf(third), reversed: true })
      expect(jids(before.jobs)).toEqual(['job-timed-1', 'job-timed-0'])
      // A place that nobody holds any more is as good to go on from.
      const gone = await list(place, { after: { ...positionOf(third), seq: third.seq + 0.5 } })
      expect(jids(gone.jobs)[0]).toBe('job-timed-3')
      expect(jobs[0]).toMatchObject({ queue: 'default', priority: 5, state: State.Scheduled })
      expect((await list({ state: State.Dead })).jobs).toEqual([])
    })

    it('lists a queue in the order of fetching, what lies on disk too', async () => {
      await bench.close()
      bench = await openBench({ memoryBytes: 2000 })
      for (let i = 0; i < 12; i += 1) await pushed(`job-line-${i}`, { priority: 1 + (i % 3) * 4 })
      const order = await walk(WAITING, false)
      expect(order.slice(0, 4)).toEqual(['job-line-2', 'job-line-5', 'job-line-8', 'job-line-11'])
      expect(order.slice(4, 8)).toEqual(['job-line-1', 'job-line-4', 'job-line-7', 'job-line-10'])
      expect(await walk(WAITING, true)).toEqual(order.toReversed())
      const fifth = (await list(WAITING)).jobs[4]
      if (fifth === undefined) throw new Error('twelve were pushed')
      expect(await bench.store.ahead('default', positionOf(fifth))).toBe(4)
      expect(await bench.store.ahead('nowhere', positionOf(fifth))).toBe(0)
      await bench.restart()
      expect(await walk(WAITING, false)).toEqual(order)
      expect(await walk({ state: State.Queued, queue: 'nowhere' }, false)).toEqual([])
    })

    it('lists what runs', async () => {
      for (const jid of ['job-runs-1', 'job-runs-2', 'job-waits-1']) await pushed(jid)
      await take(bench, ['default'], 'w1')
      bench.clock.ms += 10
      await take(bench, ['default'], 'w2')
      const place = { state: State.Reserved } as const
      expect((await list(place)).jobs).toMatchObject([
        { jid: 'job-runs-1', wid: 'w1' },
        { jid: 'job-runs-2', wid: 'w2' },
      ])
      expect(jids((await list(place, { reversed: true, limit: 1 })).jobs)).toEqual(['job-runs-2'])
      expect([...(await bench.store.held())]).toEqual([
        ['w1', 1],
        ['w2', 1],
      ])
    })

    it('searches a place, as far as the budget goes, and tells where to go on', async () => {
      for (let i = 0; i < 3000; i += 1) {
        const text = `{"jid":"job-${i + 10_000}","jobtype":"T","args":[${i}]}`
        void pushed(`job-${i + 10_000}`, { text })
      }
      await pushed('job-last-1')
      const filter = parseFilter('args.0:2*')
      const all = await list(WAITING, { filter, limit: 2000 })
      expect(all.jobs).toHaveLength(1111)
      expect(all.next).toBeUndefined()
      const page = await list(WAITING, { filter, limit: 2 })
      expect(jids(page.jobs)).toEqual(['job-10002', 'job-10020'])
      const more = await list(WAITING, {
        filter,
        limit: 2,
        ...(page.next ? { after: page.next } : {}),
      })
      expect(jids(more.jobs)).toEqual(['job-10021', 'job-10022'])
      const hasty = await list(WAITING, { filter: parseFilter('args.0:2999'), budgetMs: 0 })
      expect(hasty.jobs).toEqual([])
      expect(hasty.searched).toBeGreaterThan(0)
      expect(hasty.searched).toBeLessThan(3000)
      expect(hasty.next).toBeDefined()
    })

    it('finds a jid wherever its jobs are', async () => {
      await pushed('job-same-1')
      await take(bench, ['default'], 'w1')
      await pushed('job-same-1')
      await pushed('job-same-1', { at: formatTime(bench.clock.ms + 60_000) })
      const { jobs, complete } = await bench.store.find('job-same-1', 1000)
      expect(complete).toBe(true)
      expect(jobs.map(({ state }) => state).sort()).toEqual([
        State.Queued,
        State.Reserved,
        State.Scheduled,
      ])
      expect(await bench.store.find('job-none-1', 1000)).toEqual({ jobs: [], complete: true })
    })

    it('tells of each queue what waits in it, since when, and whether it is paused', async () => {
      await pushed('job-first-1', { queue: 'b', priority: 3 })
      bench.clock.ms += 1000
      await pushed('job-first-2', { queue: 'b', priority: 9 })
      await ask(bench.store, pauseQueues, { names: ['b', 'unseen'] })
      await pushed('job-first-3', { queue: 'a' })
      await take(bench, ['a'])
      const [a, b, unseen] = await bench.store.queues()
      expect(a).toMatchObject({ name: 'a', known: true, paused: false, size: 0 })
      expect(a?.oldestAtMs).toBeUndefined()
      const byPriority = [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
      expect(b).toEqual({
        name: 'b',
        known: true,
        paused: true,
        size: 2,
        byPriority,
        oldestAtMs: bench.clock.ms - 1000,
      })
      expect(unseen).toMatchObject({ name: 'unseen', known: false, paused: true })
    })

    it.each([1_000_000, 1000])('takes waiting jobs out of the middle (%i bytes)', async (bytes) => {
      await bench.close()
      bench = await openBench({ memoryBytes: bytes })
      for (let i = 0; i < 9; i += 1) await pushed(`job-wd-${i}`)
      const selection = await bench.store.select(
        WAITING,
        parseFilter('jid:job-wd-1,job-wd-4,job-wd-8'),
      )
      expect(selection.seq).toHaveLength(3)
      const keys = waitingSliceOf(selection, 'default', 0, 10)
      expect(await ask(bench.store, withdraw, { cmd: 'discard', keys: keys.slice(0, 2) })).toBe(2)
      expect(await ask(bench.store, withdraw, { cmd: 'kill', keys })).toBe(1)
      expect(await ask(bench.store, withdraw, { cmd: 'kill', keys })).toBe(0)
      const left = [0, 2, 3, 5, 6, 7].map((i) => `job-wd-${i}`)
      expect(jids((await list(WAITING)).jobs)).toEqual(left)
      expect(jids((await list({ state: State.Dead })).jobs)).toEqual(['job-wd-8'])
      expect(jidOf(await take(bench, ['default']))).toBe('job-wd-0')
      await bench.restart()
      const order = []
      for (let i = 0; i < 5; i += 1) order.push(jidOf(await take(bench, ['default'])))
      expect(order).toEqual(left.slice(1))
      expect((await bench.store.stats()).queues.get('default')).toBe(0)
    })

    it('gives a job another priority, queue or time', async () => {
      await pushed('job-plain-1')
      await pushed('job-rew-1')
      const [, waiting] = (await list(WAITING)).jobs
      if (waiting === undefined) throw new Error('two were pushed')
      const from = { ...waiting, state: State.Queued }
      const urgent = wire({ jid: 'job-rew-1', queue: 'default', priority: 9 })
      const change = { from, job: urgent, atMs: undefined }
      expect(await ask(bench.store, rewrite, change)).toBeUndefined()
      expect(jids((await list(WAITING)).jobs)).toEqual(['job-rew-1', 'job-plain-1'])
      expect(await ask(bench.store, rewrite, change)).toMatchObject({ code: 'JOB_NOT_FOUND' })

      const [first] = (await list(WAITING)).jobs
      if (first === undefined) throw new Error('two wait')
      const atMs = bench.clock.ms + 60_000
      const later = wire({ jid: 'job-rew-1', queue: 'other', at: formatTime(atMs) })
      const postpone = { from: { ...first, state: State.Queued }, job: later, atMs }
      expect(await ask(bench.store, rewrite, postpone)).toBeUndefined()
      const [planned] = (await list({ state: State.Scheduled })).jobs
      expect(planned).toMatchObject({ jid: 'job-rew-1', queue: 'other', at: atMs })
      if (planned === undefined) throw new Error('it was just there')
      const state: TimedState = State.Scheduled
      const now = { from: { ...planned, state }, job: later, atMs: bench.clock.ms }
      expect(await ask(bench.store, rewrite, now)).toBeUndefined()
      await bench.restart()
      expect(jidOf(await take(bench, ['other']))).toBe('job-rew-1')
      expect((await bench.store.stats()).scheduled).toBe(0)
    })

    it('recovers the jobs of a lost worker as failures', async () => {
      const hi = { wid: 'lost', hostname: 'h', pid: 1, labels: [], rssKb: 0, address: '' }
      await ask(bench.store, hello, hi)
      await pushed('job-lost-1')
      await pushed('job-kept-1')
      await ask(bench.store, fetch, { queues: ['default'], wid: 'lost' })
      await ask(bench.store, fetch, { queues: ['default'], wid: 'kept' })
      const lost = await bench.store.select({ state: State.Reserved }, parseFilter('worker:lost'))
      const keys = sliceOf(lost, 0, 10)
      expect(await ask(bench.store, recover, { keys })).toBe(1)
      expect(await ask(bench.store, recover, { keys })).toBe(0)
      const [retry] = (await list({ state: State.Retry })).jobs
      expect(retry).toMatchObject({ jid: 'job-lost-1', wid: '' })
      expect(retry?.extra?.failure).toMatchObject({ errtype: 'WorkerLost', retryCount: 0 })
      expect(await bench.store.stats()).toMatchObject({ processed: 1, failures: 1, working: 1 })
      const none = await bench.store.select({ state: State.Retry }, ALL_JOBS)
      expect(none.seq).toHaveLength(1)
    })
  })
}
