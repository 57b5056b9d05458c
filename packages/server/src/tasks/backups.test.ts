import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../clock.ts'
import { nameOf } from '../store/backup-files.ts'
import type { Backup, StoreHealth } from '../store/store.ts'
import { Backups } from './backups.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 10, 25, 12)

/** Looks at the clock so often that tests need not wait. */
const LOOK_MS = 2

let folder: string
let task: Backups
let clock: Clock & { ms: number; looks: number }
let store: {
  state: StoreHealth
  fault: Error | undefined
  tries: number
  health(): StoreHealth
  backup(to: string): Promise<Backup>
}

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'jobmill-task-')), 'backups')
  mkdirSync(folder)
  clock = {
    ms: NOW_MS,
    looks: 0,
    now: () => {
      clock.looks += 1
      return clock.ms
    },
  }
  store = {
    state: { state: 'ready' },
    fault: undefined,
    tries: 0,
    health: () => store.state,
    backup: async (to) => {
      store.tries += 1
      if (store.fault !== undefined) throw store.fault
      writeFileSync(to, '12345')
      return { bytes: 5, jobs: 1, problems: [], ms: 1 }
    },
  }
  task = new Backups({
    store,
    clock,
    log: pino({ level: 'silent' }),
    folder,
    everyMs: HOUR_MS,
    keep: 3,
    lookEveryMs: LOOK_MS,
  })
})
afterEach(() => {
  task.stop()
  rmSync(join(folder, '..'), { recursive: true })
})

/** Resolves when the task has looked at the clock anew, twice: what it saw first is done. */
async function looked(): Promise<void> {
  const { looks } = clock
  await expect.poll(() => clock.looks, { interval: 1 }).toBeGreaterThan(looks + 2)
  await expect.poll(() => task.status.running, { interval: 1 }).toBe(false)
}

test('there is one soon after the start when there was none, then one an hour', async () => {
  task.start()
  await looked()
  expect(readdirSync(folder)).toEqual([nameOf(NOW_MS)])
  expect(task.status).toMatchObject({ lastAtMs: NOW_MS, lastBytes: 5, lastError: undefined })
  clock.ms += HOUR_MS - 1
  await looked()
  expect(store.tries).toBe(1)
  clock.ms += 1
  await looked()
  expect(readdirSync(folder)).toEqual([nameOf(NOW_MS), nameOf(NOW_MS + HOUR_MS)])
  for (let i = 0; i < 3; i += 1) {
    clock.ms += HOUR_MS
    await looked()
  }
  expect(readdirSync(folder)).toEqual([2, 3, 4].map((hour) => nameOf(NOW_MS + hour * HOUR_MS)))
})

test('after a restart the hour counts from the backup of the run before', async () => {
  writeFileSync(join(folder, nameOf(NOW_MS - HOUR_MS / 2)), '123')
  task.start()
  await looked()
  expect(store.tries).toBe(0)
  expect(task.status).toMatchObject({ lastAtMs: NOW_MS - HOUR_MS / 2, lastBytes: 3 })
  clock.ms += HOUR_MS / 2
  await looked()
  expect(store.tries).toBe(1)
})

test('a failed one is told, and tried again an hour later', async () => {
  store.fault = new Error('the disk is full')
  task.start()
  await looked()
  const lastError = { atMs: NOW_MS, message: 'the disk is full' }
  expect(task.status).toMatchObject({ lastAtMs: undefined, lastError })
  clock.ms += HOUR_MS - 1
  await looked()
  expect(store.tries).toBe(1)
  store.fault = undefined
  clock.ms += 1
  await looked()
  expect(task.status).toMatchObject({ lastAtMs: NOW_MS + HOUR_MS, lastError: undefined })
})

test('a clock that was set back brings one at once, and then one an hour', async () => {
  task.start()
  await looked()
  clock.ms -= 10 * HOUR_MS
  await looked()
  expect(store.tries).toBe(2)
  expect(task.status.lastAtMs).toBe(NOW_MS - 10 * HOUR_MS)
  clock.ms += HOUR_MS - 1
  await looked()
  expect(store.tries).toBe(2)
  clock.ms += 1
  await looked()
  expect(store.tries).toBe(3)
})

test('none begins while data is loading', async () => {
  store.state = { state: 'loading', percent: 50 }
  let asked = 0
  store.health = () => {
    asked += 1
    return store.state
  }
  task.start()
  await expect.poll(() => asked, { interval: 1 }).toBeGreaterThan(3)
  expect(store.tries).toBe(0)
  store.state = { state: 'ready' }
  await expect.poll(() => store.tries, { interval: 1 }).toBe(1)
})

test('one that the stop cuts short is no failure', async () => {
  let fail: (error: Error) => void = () => undefined
  store.backup = () => new Promise((_, reject) => (fail = reject))
  task.start()
  await expect.poll(() => fail.length, { interval: 1 }).toBe(1)
  await expect.poll(() => task.status.running, { interval: 1 }).toBe(true)
  task.stop()
  fail(new Error('the server is stopping'))
  await expect.poll(() => task.status.running, { interval: 1 }).toBe(false)
  expect(task.status.lastError).toBeUndefined()
})
