import { push } from '@jobmill/core'
import { LIMITS, NIL } from '@jobmill/protocol'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ask, openEmbeddedBench, wire, type Bench } from '../../../../../test/store/harness.ts'
import { Activity } from '../../activity/activity.ts'
import type { Context, Peer } from '../context.ts'
import { Sessions } from '../sessions.ts'
import { Waiting } from '../waiting.ts'
import { handleBeat } from './beat.ts'
import { handleFetch } from './fetch.ts'

let bench: Bench
let context: Context
beforeEach(async () => {
  bench = await openEmbeddedBench()
  const waiting = new Waiting()
  bench.store.onQueued((queues) => waiting.wake(queues))
  context = {
    store: bench.store,
    waiting,
    sessions: new Sessions(bench.store, bench.clock),
    clock: bench.clock,
    log: pino({ level: 'silent' }),
    activity: new Activity(bench.clock.now()),
    info: () => Promise.resolve('{}'),
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(async () => {
  vi.useRealTimers()
  await bench.close()
})

/** A connection that fetches, and its replies. */
class Fetcher implements Peer {
  readonly hello = undefined
  readonly address = 'test'
  readonly replies: string[] = []
  leaving = false
  readonly wid: string
  readonly #gone = new Set<() => void>()

  constructor(wid = '') {
    this.wid = wid
  }

  fetch(...queues: string[]): this {
    handleFetch(context, this, { verb: 'FETCH', queues }, (text) => this.replies.push(text))
    return this
  }

  onGone(gone: () => void): void {
    this.#gone.add(gone)
  }

  offGone(gone: () => void): void {
    this.#gone.delete(gone)
  }

  goes(): void {
    for (const gone of [...this.#gone]) gone()
  }

  get listens(): boolean {
    return this.#gone.size > 0
  }
}

const pushed = (jid: string, queue = 'default') => ask(bench.store, push, wire({ jid, queue }))
const job = (jid: string) => expect.stringContaining(`"jid":"${jid}"`)

test('a job that is there is handed out at once', async () => {
  await pushed('job-00000001')
  expect(new Fetcher().fetch('none', 'default').replies).toEqual([job('job-00000001')])
})

test('a FETCH waits for any of its queues', async () => {
  const fetcher = new Fetcher().fetch('a', 'b')
  await pushed('job-00000001', 'c')
  expect(fetcher.replies).toEqual([])
  await pushed('job-00000002', 'b')
  expect(fetcher.replies).toEqual([job('job-00000002')])
  vi.advanceTimersByTime(LIMITS.fetchWaitMs)
  expect(fetcher.replies).toHaveLength(1)
})

test('after a little less than two seconds without a job it says so, not before', async () => {
  const fetcher = new Fetcher().fetch('default')
  vi.advanceTimersByTime(1_899)
  expect(fetcher.replies).toEqual([])
  vi.advanceTimersByTime(1)
  expect(fetcher.replies).toEqual([NIL])
  await pushed('job-00000001')
  expect(fetcher.replies).toHaveLength(1)
  expect(new Fetcher().fetch('default').replies).toEqual([job('job-00000001')])
})

test('who waits longest gets the job, also before one who asks now', async () => {
  const first = new Fetcher().fetch('default')
  const second = new Fetcher().fetch('default')
  bench.store.run(push, wire({ jid: 'job-00000001' }), () => undefined)
  // In the same turn, before anybody was woken.
  const late = new Fetcher().fetch('default')
  expect([first, second, late].map(({ replies }) => replies.length)).toEqual([1, 0, 0])
  await pushed('job-00000002')
  await pushed('job-00000003')
  expect(second.replies).toEqual([job('job-00000002')])
  expect(late.replies).toEqual([job('job-00000003')])
})

test('a client that goes while it waits takes no job along', async () => {
  const gone = new Fetcher().fetch('default')
  const next = new Fetcher().fetch('default')
  gone.goes()
  await pushed('job-00000001')
  expect(gone.replies).toEqual([NIL])
  expect(next.replies).toEqual([job('job-00000001')])
  expect(next.listens).toBe(false)
})

test('a client that has said its last word is given no job', async () => {
  await pushed('job-00000001')
  const leaving = new Fetcher()
  leaving.leaving = true
  expect(leaving.fetch('default').replies).toEqual([NIL])
  expect(new Fetcher().fetch('default').replies).toEqual([job('job-00000001')])
})

test('a quiet worker waits its two seconds and gets nothing, and holds nobody up', async () => {
  const hello = { wid: 'w1', hostname: 'h', pid: 1, labels: [], rssKb: 0, address: '' }
  context.sessions.join({ drop: () => undefined }, hello)
  const before = new Fetcher('w1').fetch('default')
  const states: string[] = []
  handleBeat(
    context,
    new Fetcher('w1'),
    { verb: 'BEAT', wid: 'w1', currentState: 'quiet', rssKb: 0 },
    (text) => states.push(text),
  )
  expect(states).toEqual(['$17\r\n{"state":"quiet"}\r\n'])
  const after = new Fetcher('w1').fetch('default')
  const other = new Fetcher('w2').fetch('default')
  await pushed('job-00000001')
  expect(other.replies).toEqual([job('job-00000001')])
  vi.advanceTimersByTime(LIMITS.fetchWaitMs - 1)
  expect([before, after].map(({ replies }) => replies)).toEqual([[], []])
  vi.advanceTimersByTime(1)
  expect([before, after].map(({ replies }) => replies)).toEqual([[NIL], [NIL]])
})
