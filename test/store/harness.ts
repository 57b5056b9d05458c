import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  enqueueDue,
  fetch,
  lapse,
  mutate,
  purgeDead,
  State,
  sweepRemoved,
  type EntryKey,
  type Fetched,
  type MutateInput,
  type Rule,
} from '@jobmill/core'
import type { MutateFilter, WireJob } from '@jobmill/protocol'
import { pino } from 'pino'
import { openEmbedded } from '../../packages/server/src/store/embedded/engine.ts'
import { filterOfMutate } from '../../packages/server/src/filter/filter.ts'
import { sliceOf, type Store } from '../../packages/server/src/store/store.ts'

/** A clock that tests set. */
export class TestClock {
  ms = 1_700_000_000_000

  now(): number {
    return this.ms
  }
}

/** One engine on data of its own, which can be closed and opened again. */
export interface Bench {
  readonly clock: TestClock
  store: Store
  /** Names of queues that the store woke, in order. */
  readonly woken: string[]
  restart(): Promise<void>
  close(): Promise<void>
}

/** Opens a fresh engine. `memoryBytes` small: waiting jobs are read back from disk. */
export type OpenBench = (options?: { memoryBytes?: number; strict?: boolean }) => Promise<Bench>

export const openEmbeddedBench: OpenBench = async (options = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'jobmill-store-'))
  const clock = new TestClock()
  const woken: string[] = []
  const open = async (): Promise<Store> => {
    const store = openEmbedded({
      folder,
      durability: options.strict === true ? 'strict' : 'relaxed',
      memoryBytes: options.memoryBytes ?? 64 * 1024 * 1024,
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    })
    const ready = new Promise<void>((resolve) => {
      store.onHealth(({ state }) => {
        if (state === 'ready') resolve()
      })
    })
    store.onQueued((queues) => woken.push(...queues))
    await store.open()
    await ready
    return store
  }
  const bench: Bench = {
    clock,
    woken,
    store: await open(),
    async restart() {
      await bench.store.close()
      bench.store = await open()
    },
    async close() {
      await bench.store.close()
      rmSync(folder, { recursive: true })
    },
  }
  return bench
}

export function ask<I, R>(store: Store, rule: Rule<I, R>, input: I): Promise<R> {
  return new Promise((resolve, reject) => {
    store.run(rule, input, (reply, error) => (error === undefined ? resolve(reply) : reject(error)))
  })
}

/** A pushed job as the protocol gives it to the rules. */
export function wire(job: Partial<WireJob> & { jid: string }): WireJob {
  const text = JSON.stringify({ jid: job.jid, jobtype: 'T', args: [1] })
  return {
    jobtype: 'T',
    hasArgs: true,
    queue: '',
    priority: undefined,
    retry: undefined,
    at: '',
    reserveFor: 0,
    createdAt: '2026-01-01T00:00:00Z',
    failure: undefined,
    text,
    ...job,
  }
}

export const jidOf = (fetched: Fetched | undefined): string | undefined =>
  fetched === undefined ? undefined : (JSON.parse(fetched.payload) as { jid: string }).jid

/** Fetches; where jobs are on their way from disk, waits for them as a FETCH does. */
export async function take(
  bench: Bench,
  queues: readonly string[],
  wid = '',
  expected = true,
): Promise<Fetched | undefined> {
  for (let tries = 0; ; tries += 1) {
    const fetched = await ask(bench.store, fetch, { queues, wid })
    if (typeof fetched === 'object') return fetched
    if (!expected || tries > 200) return undefined
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** All timed tasks, until nothing is due. */
export async function runTasks(store: Store, limit = 100): Promise<void> {
  for (const set of [State.Scheduled, State.Retry] as const) {
    while ((await ask(store, enqueueDue, { set, limit })).count === limit);
  }
  // One at a time: those of one slice get different random delays, which the model does not know.
  while ((await ask(store, lapse, { limit: 1 })).count === 1);
  while ((await ask(store, purgeDead, { limit })).count === limit);
  while ((await ask(store, sweepRemoved, { limit })).count === limit);
}

export const NO_FILTER: MutateFilter = { jids: undefined, jobtype: undefined, pattern: undefined }

/** A MUTATE as the server does it. @returns how many jobs changed */
export async function mutateAll(
  store: Store,
  cmd: MutateInput['cmd'],
  set: MutateInput['set'],
  filter: Partial<MutateFilter> = {},
): Promise<number> {
  const selection = await store.select({ state: set }, filterOfMutate({ ...NO_FILTER, ...filter }))
  let changed = 0
  for (let from = 0; from < selection.seq.length; from += 50) {
    const keys: EntryKey[] = sliceOf(selection, from, 50)
    changed += await ask(store, mutate, { cmd, set, keys })
  }
  return changed
}
