import { beat, bye, fetch, hello, push } from '@jobmill/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keptLog } from '../../../../test/support/listener.ts'
import { ask, openEmbeddedBench, wire, type Bench } from '../../../../test/store/harness.ts'
import { Orphans } from './orphans.ts'

const EVERY_MS = 5_000

let bench: Bench
let orphans: Orphans
let atMs = 0
let recovers = false
beforeEach(async () => {
  bench = await openEmbeddedBench()
  atMs = 0
  recovers = false
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  orphans = new Orphans({
    store: bench.store,
    log: keptLog().log,
    recovers: () => recovers,
    monotonic: () => atMs,
  })
  orphans.start()
})
afterEach(async () => {
  orphans.stop()
  vi.useRealTimers()
  await bench.close()
})

const HELLO = { hostname: 'h', pid: 1, labels: [], rssKb: 0, address: '' }

/** Lets time go on; whoever looks is done with it afterwards. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= EVERY_MS) {
    atMs += EVERY_MS
    vi.advanceTimersByTime(EVERY_MS)
    // Looking is a few reads of the store, one of them in a thread.
    for (let i = 0; i < 5; i += 1) await bench.store.stats()
    await bench.store.list({
      place: { state: 1 },
      reversed: false,
      limit: 1,
      budgetMs: 1000,
    })
  }
}

/** A worker that took one job and lost its connection. */
async function goneWithJob(wid: string, beats: boolean): Promise<void> {
  await ask(bench.store, hello, { wid, ...HELLO })
  if (beats) {
    const own = undefined
    await ask(bench.store, beat, { wid, currentState: '', rssKb: 0, own, connections: 1 })
  }
  await ask(bench.store, push, wire({ jid: `job-of-${wid}` }))
  await ask(bench.store, fetch, { queues: ['default'], wid })
  await pass(EVERY_MS)
  await ask(bench.store, bye, { wid })
}

test('a job is lost when its worker has been gone for a minute', async () => {
  await goneWithJob('w1', true)
  await pass(60_000)
  expect(orphans.isLost('w1')).toBe(false)
  await pass(EVERY_MS)
  expect(orphans.isLost('w1')).toBe(true)
  expect(orphans.isLost('nobody')).toBe(false)
  expect((await bench.store.stats()).working).toBe(1)
})

test('a worker that comes back has lost nothing', async () => {
  await goneWithJob('w1', true)
  await pass(65_000)
  expect(orphans.isLost('w1')).toBe(true)
  await ask(bench.store, hello, { wid: 'w1', ...HELLO })
  await pass(EVERY_MS)
  expect(orphans.isLost('w1')).toBe(false)
})

test('by setting lost jobs are recovered, of workers that sent BEATs alone', async () => {
  recovers = true
  await goneWithJob('beats', true)
  await goneWithJob('silent', false)
  await pass(75_000)
  await vi.waitFor(async () => {
    expect(await bench.store.stats()).toMatchObject({ working: 1, retries: 1 })
  })
  expect([...(await bench.store.held()).keys()]).toEqual(['silent'])
})
