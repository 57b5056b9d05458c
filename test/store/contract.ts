import {
  ack,
  beat,
  bye,
  enqueueDue,
  fail,
  fetch,
  flush,
  hello,
  lapse,
  pauseQueues,
  push,
  reap,
  removeQueues,
  resumeQueues,
  shiftReservations,
  State,
  sweepRemoved,
  type TimedState,
} from '@jobmill/core'
import { formatTime, isRefusal, type MutateFilter } from '@jobmill/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ALL_JOBS, filterOfMutate } from '../../packages/server/src/filter/filter.ts'
import { sliceOf } from '../../packages/server/src/store/store.ts'
import { pagesContract } from './contract-pages.ts'
import {
  ask,
  jidOf,
  mutateAll,
  NO_FILTER,
  runTasks,
  take,
  wire,
  type Bench,
  type OpenBench,
} from './harness.ts'

const REPORT = { errtype: 'E', message: 'boom', backtrace: ['a.rb:1'] }
const HELLO = { wid: 'w1', hostname: 'h', pid: 7, labels: [], rssKb: 0, address: '192.0.2.7:4711' }

/** What every engine must do. A new engine is one more call of this. */
export function contractSuite(engine: string, openBench: OpenBench): void {
  pagesContract(engine, openBench)
  describe(`contract of the ${engine} engine`, () => {
    let bench: Bench
    beforeEach(async () => {
      bench = await openBench()
    })
    afterEach(async () => {
      await bench.close()
    })

    const pushed = (jid: string, more: Partial<Parameters<typeof wire>[0]> = {}) =>
      ask(bench.store, push, wire({ jid, ...more }))
    const counts = async () => {
      const { queues, ...rest } = await bench.store.stats()
      return { ...rest, queues: Object.fromEntries(queues) }
    }

    it('hands out by priority, then by age, the first named queue first', async () => {
      for (const [jid, queue, priority] of [
        ['job-low-1', 'a', 1],
        ['job-mid-1', 'a', 5],
        ['job-top-1', 'a', 9],
        ['job-mid-2', 'a', undefined],
        ['job-other', 'b', 9],
      ] as const) {
        expect(await pushed(jid, { queue, priority })).toBeUndefined()
      }
      const order = []
      for (let i = 0; i < 6; i += 1) order.push(jidOf(await take(bench, ['a', 'b'], '', i < 5)))
      expect(order).toEqual([
        'job-top-1',
        'job-mid-1',
        'job-mid-2',
        'job-low-1',
        'job-other',
        undefined,
      ])
    })

    it('keeps jobs in every place over a restart', async () => {
      await pushed('job-queued')
      await pushed('job-reserved', { queue: 'r' })
      await pushed('job-retry', { queue: 'f' })
      await pushed('job-dead', { queue: 'd', retry: -1 })
      await pushed('job-scheduled', { at: formatTime(bench.clock.ms + 5000) })
      await take(bench, ['r'], 'w1')
      await take(bench, ['f'], 'w1')
      await take(bench, ['d'], 'w1')
      await ask(bench.store, fail, { jid: 'job-retry', wid: 'w1', ...REPORT })
      await ask(bench.store, fail, { jid: 'job-dead', wid: 'w1', ...REPORT })
      const before = await counts()
      await bench.restart()
      expect(await counts()).toEqual(before)
      expect(before).toMatchObject({ working: 1, retries: 1, dead: 1, scheduled: 1, processed: 2 })
      expect(await ask(bench.store, ack, { jid: 'job-reserved', wid: 'other' })).toMatchObject({
        jid: 'job-reserved',
      })
      await mutateAll(bench.store, 'requeue', State.Retry)
      const again = await take(bench, ['f'])
      expect(again?.failure).toMatchObject({ errtype: 'E', retryCount: 0, remaining: 25 })
    })

    it('hands the payload on as it came, after a restart and a retry too', async () => {
      const text =
        '{"jid":"job-text","jobtype":"T","args":[899999999999999990,1.0,1e400,-0.0,{"b":1,"a":2,"b":3},"é漢😀\\ud800"]}'
      await pushed('job-text', { text })
      await bench.restart()
      const first = await take(bench, ['default'], 'w1')
      expect(first?.payload).toContain(text.slice(0, -1))
      await ask(bench.store, fail, { jid: 'job-text', wid: 'w1', ...REPORT })
      await bench.restart()
      bench.clock.ms += 60_000
      await runTasks(bench.store)
      expect((await take(bench, ['default']))?.payload).toBe(first?.payload)
    })

    it('reserves for the time asked for, within a minute and a day', async () => {
      for (const [jid, reserveFor, seconds] of [
        ['job-default', 0, 1800],
        ['job-short', 1, 60],
        ['job-long', 86_400, 86_400],
      ] as const) {
        await pushed(jid, { reserveFor })
        await take(bench, ['default'])
        bench.clock.ms += seconds * 1000 - 1
        expect((await ask(bench.store, lapse, { limit: 10 })).count).toBe(0)
        bench.clock.ms += 1
        expect((await ask(bench.store, lapse, { limit: 10 })).count).toBe(1)
      }
      expect(await counts()).toMatchObject({ working: 0, retries: 3, failures: 3, processed: 3 })
    })

    it('takes a lapse as a failure, and a late ACK or FAIL finds nothing', async () => {
      await pushed('job-lapse', { reserveFor: 60 })
      await take(bench, ['default'], 'w1')
      bench.clock.ms += 60_000
      await ask(bench.store, lapse, { limit: 10 })
      expect(await ask(bench.store, ack, { jid: 'job-lapse', wid: 'w1' })).toBeUndefined()
      const refusal = await ask(bench.store, fail, { jid: 'job-lapse', wid: 'w1', ...REPORT })
      expect(refusal).toMatchObject({ text: 'Job not found job-lapse' })
      await mutateAll(bench.store, 'requeue', State.Retry)
      expect((await take(bench, ['default']))?.failure).toMatchObject({
        errtype: 'ReservationExpired',
      })
    })

    it('tells two reserved jobs of one jid apart', async () => {
      await pushed('job-twin', { text: '{"jid":"job-twin","n":1}' })
      await pushed('job-twin', { text: '{"jid":"job-twin","n":2}' })
      await take(bench, ['default'], 'w1')
      await take(bench, ['default'], 'w2')
      expect(await ask(bench.store, fail, { jid: 'job-twin', wid: 'w1', ...REPORT })).toMatchObject(
        { wid: 'w1', went: 'retry' },
      )
      await bench.restart()
      expect(await ask(bench.store, ack, { jid: 'job-twin', wid: 'w1' })).toMatchObject({
        jid: 'job-twin',
      })
      expect(await counts()).toMatchObject({ working: 0, retries: 1 })
    })

    it('moves what is due in the order of its times, to the back of its queue', async () => {
      const at = (s: number) => formatTime(bench.clock.ms + s * 1000)
      await pushed('job-third', { at: at(3) })
      await pushed('job-second', { at: at(2) })
      await pushed('job-later', { at: at(30) })
      bench.clock.ms += 3000
      await pushed('job-first')
      const reply = await ask(bench.store, enqueueDue, { set: State.Scheduled, limit: 10 })
      expect(reply).toEqual({
        count: 2,
        nextAtMs: bench.clock.ms + 27_000,
        entered: new Map([['default', 2]]),
      })
      const order = []
      for (let i = 0; i < 3; i += 1) order.push(jidOf(await take(bench, ['default'])))
      expect(order).toEqual(['job-first', 'job-second', 'job-third'])
    })

    it('wakes for what enters a queue, and for a resume', async () => {
      await pushed('job-wake-1', { queue: 'a' })
      expect(bench.woken).toContain('a')
      await ask(bench.store, pauseQueues, { names: ['a'] })
      bench.woken.length = 0
      expect(await ask(bench.store, fetch, { queues: ['a'], wid: '' })).toBe('empty')
      await ask(bench.store, resumeQueues, { names: ['*'] })
      expect(bench.woken).toEqual(['a'])
    })

    it('remembers a pause over a restart, of a queue not seen yet too', async () => {
      await ask(bench.store, pauseQueues, { names: ['soon'] })
      await bench.restart()
      await pushed('job-paused', { queue: 'soon' })
      expect(await ask(bench.store, fetch, { queues: ['soon'], wid: '' })).toBe('empty')
      expect((await counts()).queues).toEqual({ soon: 1 })
      await ask(bench.store, resumeQueues, { names: ['soon'] })
      expect(jidOf(await take(bench, ['soon']))).toBe('job-paused')
    })

    it('removes a queue at once, though its rows go later, over a restart too', async () => {
      for (let i = 0; i < 250; i += 1)
        await pushed(`job-gone-${i}`, { queue: 'big', priority: (i % 9) + 1 })
      await ask(bench.store, removeQueues, { names: ['big'] })
      expect((await counts()).queues).toEqual({})
      await pushed('job-after', { queue: 'big' })
      expect((await ask(bench.store, sweepRemoved, { limit: 100 })).count).toBe(100)
      await bench.restart()
      expect((await counts()).queues).toEqual({ big: 1 })
      await runTasks(bench.store)
      await bench.restart()
      expect(jidOf(await take(bench, ['big']))).toBe('job-after')
      expect(await bench.store.records('queue')).toEqual([
        ['big', { known: true, paused: false, removedTo: 0 }],
      ])
    })

    it('finds jobs of a set by jid, jobtype and pattern', async () => {
      const at = formatTime(bench.clock.ms + 60_000)
      const job = (jid: string, jobtype: string, args: string) =>
        pushed(jid, { at, jobtype, text: `{"jid":"${jid}","jobtype":"${jobtype}","args":${args}}` })
      await job('job-one-1', 'Alpha', '[]')
      await job('job-two-2', 'Beta', '[ "needle", {"jid": "job-one-1"} ]')
      await job('job-six-6', 'A*', '["x"]')
      const found = async (filter: Partial<MutateFilter>, state: TimedState = State.Scheduled) =>
        (await bench.store.select({ state }, filterOfMutate({ ...NO_FILTER, ...filter }))).seq
          .length
      expect(await found({})).toBe(3)
      expect(await found({ jids: ['job-one-1', 'nobody', 'job-one-1'] })).toBe(1)
      expect(await found({ jobtype: 'A*' })).toBe(1)
      expect(await found({ pattern: '*"args":\\["needle",{*' })).toBe(1)
      expect(await found({ pattern: '*needle*', jobtype: 'Alpha' })).toBe(0)
      expect(await found({ jids: ['job-one-1'] }, State.Retry)).toBe(0)
    })

    it('passes over jobs of a slice that have left the set', async () => {
      await pushed('job-slice-1', { at: formatTime(bench.clock.ms + 1000) })
      const all = await bench.store.select({ state: State.Scheduled }, ALL_JOBS)
      bench.clock.ms += 1000
      await runTasks(bench.store)
      expect(sliceOf(all, 0, 10)).toHaveLength(1)
      expect(await mutateAll(bench.store, 'discard', State.Scheduled)).toBe(0)
      expect((await counts()).queues).toEqual({ default: 1 })
    })

    it('flushes all but the workers', async () => {
      await ask(bench.store, hello, HELLO)
      await pushed('job-flush-1', { queue: 'f1' })
      await pushed('job-flush-2', { queue: 'f2' })
      await pushed('job-flush-3', { at: formatTime(bench.clock.ms + 1000) })
      await ask(bench.store, pauseQueues, { names: ['f2'] })
      await take(bench, ['f1'], 'w1')
      await ask(bench.store, flush, undefined)
      const empty = { queues: {}, scheduled: 0, retries: 0, dead: 0, working: 0, processed: 0 }
      expect(await counts()).toMatchObject({ ...empty, failures: 0, workers: 1 })
      expect(await ask(bench.store, ack, { jid: 'job-flush-1', wid: 'w1' })).toBeUndefined()
      await bench.restart()
      expect(await counts()).toMatchObject(empty)
    })

    it('tells how old the oldest waiting job is, in seconds', async () => {
      await pushed('job-old-1', { priority: 1 })
      bench.clock.ms += 2000
      await pushed('job-new-1', { priority: 9 })
      bench.clock.ms += 500
      expect(await bench.store.latency('default')).toBe(2.5)
      expect(await bench.store.latency('nowhere')).toBe(0)
      await bench.restart()
      expect(await bench.store.latency('default')).toBe(2.5)
    })

    it('shifts the ends of reservations when the clock has stepped', async () => {
      await pushed('job-shift', { reserveFor: 60 })
      await take(bench, ['default'], 'w1')
      bench.clock.ms += 3_600_000
      const held = await bench.store.select({ state: State.Reserved }, ALL_JOBS)
      const input = { keys: sliceOf(held, 0, 10), byMs: 3_600_000 }
      expect(await ask(bench.store, shiftReservations, input)).toBe(1)
      await bench.restart()
      expect((await ask(bench.store, lapse, { limit: 10 })).count).toBe(0)
      bench.clock.ms += 60_000
      expect((await ask(bench.store, lapse, { limit: 10 })).count).toBe(1)
    })

    it('counts over a restart, also when all jobs came and went between two commits', async () => {
      const both = pushed('job-quick')
      await ask(bench.store, fetch, { queues: ['default'], wid: '' })
      await ask(bench.store, ack, { jid: 'job-quick', wid: '' })
      await both
      await bench.restart()
      expect(await counts()).toMatchObject({ processed: 1, working: 0, queues: { default: 0 } })
    })

    describe('workers', () => {
      const beatOf = (currentState = '', own: typeof HELLO | undefined = undefined) =>
        ask(bench.store, beat, { wid: 'w1', currentState, rssKb: 1, own, connections: 1 })

      it('advance from running to quiet to terminate only, and fetch no more', async () => {
        await ask(bench.store, hello, HELLO)
        await pushed('job-for-nobody')
        expect(await beatOf()).toBe('running')
        expect(await beatOf('quiet')).toBe('quiet')
        expect(await beatOf('running')).toBe('quiet')
        expect(await ask(bench.store, fetch, { queues: ['default'], wid: 'w1' })).toBe('quiet')
        expect(await beatOf('terminate')).toBe('terminate')
        expect(await beatOf('quiet')).toBe('terminate')
      })

      it('are forgotten with their last connection; quiet is remembered for the same process', async () => {
        await ask(bench.store, hello, HELLO)
        await ask(bench.store, hello, HELLO)
        await beatOf('quiet')
        await ask(bench.store, bye, { wid: 'w1' })
        expect(await beatOf()).toBe('quiet')
        await ask(bench.store, bye, { wid: 'w1' })
        expect((await counts()).workers).toBe(0)
        expect(isRefusal(await beatOf())).toBe(true)
        await ask(bench.store, hello, HELLO)
        expect(await beatOf()).toBe('quiet')
        await ask(bench.store, bye, { wid: 'w1' })
        await ask(bench.store, hello, { ...HELLO, pid: 8 })
        expect(await beatOf()).toBe('running')
      })

      it('are shown where their newest connection came from', async () => {
        const addresses = async (): Promise<string[]> =>
          [...(await bench.store.records('worker'))].map(([, { address }]) => address)
        await ask(bench.store, hello, HELLO)
        expect(await addresses()).toEqual(['192.0.2.7:4711'])
        await ask(bench.store, hello, { ...HELLO, address: '[2001:db8::7]:4712' })
        expect(await addresses()).toEqual(['[2001:db8::7]:4712'])
        bench.clock.ms += 60_001
        expect(await ask(bench.store, reap, { wid: 'w1', heardAtMs: 0 })).toBe(true)
        await beatOf('', HELLO)
        expect(await addresses()).toEqual(['192.0.2.7:4711'])
      })

      it('are reaped after a minute of silence, and come back with a BEAT of their own', async () => {
        await ask(bench.store, hello, HELLO)
        await beatOf()
        bench.clock.ms += 60_001
        const heardAtMs = bench.clock.ms
        expect(await ask(bench.store, reap, { wid: 'w1', heardAtMs })).toBe(false)
        expect(await ask(bench.store, reap, { wid: 'w1', heardAtMs: 0 })).toBe(true)
        expect(isRefusal(await beatOf())).toBe(true)
        expect(await beatOf('', HELLO)).toBe('running')
      })

      it('that never beat are left alone while they hold a job', async () => {
        await ask(bench.store, hello, HELLO)
        await pushed('job-held')
        await take(bench, ['default'], 'w1')
        bench.clock.ms += 60_001
        expect(await ask(bench.store, reap, { wid: 'w1', heardAtMs: 0 })).toBe(false)
        await ask(bench.store, ack, { jid: 'job-held', wid: 'w1' })
        expect(await ask(bench.store, reap, { wid: 'w1', heardAtMs: 0 })).toBe(true)
      })
    })

    describe('a backlog past its memory', () => {
      beforeEach(async () => {
        await bench.close()
        bench = await openBench({ memoryBytes: 20_000 })
      })

      it('keeps order over cold lanes, priorities and restarts', async () => {
        const jids: string[] = []
        for (let i = 0; i < 3000; i += 1) {
          const jid = `job-${String(i).padStart(5, '0')}`
          jids.push(jid)
          void pushed(jid, { priority: i % 2 === 0 ? 5 : 7 })
        }
        await pushed('job-last-one', { priority: 1 })
        const expected = [
          ...jids.filter((_, i) => i % 2 === 1),
          ...jids.filter((_, i) => i % 2 === 0),
          'job-last-one',
        ]
        const got: (string | undefined)[] = []
        for (let i = 0; i < 3001; i += 1) {
          if (i === 700) await bench.restart()
          got.push(jidOf(await take(bench, ['default'])))
        }
        expect(got).toEqual(expected)
        expect(await ask(bench.store, fetch, { queues: ['default'], wid: '' })).toBe('empty')
      })

      it('removes and flushes cold lanes while they load', async () => {
        for (let i = 0; i < 500; i += 1) void pushed(`job-x-${i}`, { queue: 'x' })
        await pushed('job-y-1', { queue: 'y' })
        await bench.restart()
        void ask(bench.store, fetch, { queues: ['x'], wid: '' })
        await ask(bench.store, removeQueues, { names: ['x'] })
        await pushed('job-x-new', { queue: 'x' })
        expect(jidOf(await take(bench, ['x']))).toBe('job-x-new')
        void ask(bench.store, fetch, { queues: ['y'], wid: '' })
        await ask(bench.store, flush, undefined)
        await pushed('job-y-new', { queue: 'y' })
        expect(jidOf(await take(bench, ['y']))).toBe('job-y-new')
      })
    })
  })
}
