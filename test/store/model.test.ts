import {
  ack,
  fail,
  flush,
  pauseQueues,
  push,
  removeQueues,
  resumeQueues,
  State,
} from '@jobmill/core'
import { formatTime, isRefusal } from '@jobmill/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { benchOn } from '../postgres/bench.ts'
import { openDatabase, type Database } from '../postgres/database.ts'
import {
  ask,
  jidOf,
  mutateAll,
  openEmbeddedBench,
  runTasks,
  take,
  wire,
  type Bench,
} from './harness.ts'
import { Model } from './model.ts'

const QUEUES = ['a', 'b', 'c']
const SETS = { scheduled: State.Scheduled, retries: State.Retry, dead: State.Dead } as const
type SetName = keyof typeof SETS

const queue = fc.constantFrom(...QUEUES)
const set = fc.constantFrom<SetName>('scheduled', 'retries', 'dead')
const pushed = fc.record({
  queue,
  priority: fc.constantFrom(1, 5, 5, 5, 9),
  retry: fc.constantFrom(-1, 0, 1, 2),
  inMs: fc.constantFrom(0, 0, 0, 1, 1000, 20_000),
})
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ push: pushed }) },
  { weight: 2, arbitrary: fc.record({ bulk: fc.array(pushed, { maxLength: 40, size: 'max' }) }) },
  { weight: 8, arbitrary: fc.record({ fetch: fc.shuffledSubarray(QUEUES, { minLength: 1 }) }) },
  { weight: 5, arbitrary: fc.record({ ack: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ fail: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ later: fc.constantFrom(1, 900, 17_000, 1_900_000) }) },
  { weight: 1, arbitrary: fc.record({ mutate: set, cmd: fc.constantFrom('discard', 'kill') }) },
  { weight: 1, arbitrary: fc.record({ requeue: set }) },
  { weight: 1, arbitrary: fc.record({ pause: queue }) },
  { weight: 1, arbitrary: fc.record({ resume: queue }) },
  { weight: 1, arbitrary: fc.record({ remove: queue }) },
  { weight: 2, arbitrary: fc.record({ restart: fc.constant(true) }) },
)
const last = fc.constantFrom('drain' as const, 'flush' as const)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays commands on a model and an engine, comparing each answer and all counts. */
class Play {
  readonly model = new Model()
  readonly #bench: Bench
  #jid = 0

  constructor(bench: Bench) {
    this.#bench = bench
  }

  async step(step: Step): Promise<void> {
    const { store, clock } = this.#bench
    const { model } = this
    if ('push' in step) await this.#push(step.push)
    else if ('bulk' in step) await Promise.all(step.bulk.map((job) => this.#push(job)))
    else if ('fetch' in step) await this.fetch(step.fetch)
    else if ('ack' in step) {
      const jid = this.#reserved(step.ack)
      const run = await ask(store, ack, { jid, wid: '' })
      expect(run !== undefined).toBe(model.ack(jid))
    } else if ('fail' in step) {
      const input = { jid: this.#reserved(step.fail), wid: '', errtype: 'E', message: 'm' }
      const refusal = await ask(store, fail, { ...input, backtrace: [] })
      expect(!isRefusal(refusal)).toBe(model.fail(input.jid, clock.ms))
    } else if ('later' in step) {
      clock.ms += step.later
      await runTasks(store, 7)
      model.tasks(clock.ms)
    } else if ('mutate' in step) {
      const changed = await mutateAll(store, step.cmd as 'discard' | 'kill', SETS[step.mutate])
      expect(changed).toBe(model.sets[step.mutate].length)
      model.mutate(step.cmd as 'discard' | 'kill', step.mutate, clock.ms)
    } else if ('requeue' in step) await this.#requeue(step.requeue)
    else if ('pause' in step) {
      await ask(store, pauseQueues, { names: [step.pause] })
      model.paused.add(step.pause)
    } else if ('resume' in step) {
      await ask(store, resumeQueues, { names: [step.resume] })
      model.paused.delete(step.resume)
    } else if ('remove' in step) {
      await ask(store, removeQueues, { names: [step.remove] })
      model.remove(step.remove)
    } else await this.#bench.restart()
    await this.#compare()
  }

  async fetch(queues: readonly string[]): Promise<string | undefined> {
    const expected = this.model.fetch(queues, this.#bench.clock.ms)
    const fetched = await take(this.#bench, queues, '', expected !== undefined)
    expect(jidOf(fetched)).toBe(expected)
    return expected
  }

  async flush(): Promise<void> {
    await ask(this.#bench.store, flush, undefined)
    this.model.flush()
    await this.#compare()
  }

  /** Row order decides; so the model follows what a drain of the requeued jobs by hand would give. */
  async #requeue(name: SetName): Promise<void> {
    const { store, clock } = this.#bench
    const one = this.model.sets[name].length <= 1
    if (one) {
      await mutateAll(store, 'requeue', SETS[name])
      this.model.mutate('requeue', name, clock.ms)
      return
    }
    for (const job of [...this.model.sets[name]]) {
      await mutateAll(store, 'requeue', SETS[name], { jids: [job.jid] })
    }
    this.model.mutate('requeue', name, clock.ms)
  }

  async #push(job: {
    queue: string
    priority: number
    retry: number
    inMs: number
  }): Promise<void> {
    const { store, clock } = this.#bench
    const jid = `job-${String((this.#jid += 1)).padStart(6, '0')}`
    const at = job.inMs === 0 ? '' : formatTime(clock.ms + job.inMs)
    const { queue, priority, retry } = job
    this.model.push(jid, queue, priority, retry, clock.ms + job.inMs, clock.ms)
    expect(await ask(store, push, wire({ jid, queue, priority, retry, at }))).toBeUndefined()
  }

  #reserved(pick: number): string {
    const { reserved } = this.model
    return reserved[pick % Math.max(1, reserved.length)]?.jid ?? 'no-such-job'
  }

  async #compare(): Promise<void> {
    const stats = await this.#bench.store.stats()
    const { sets, reserved, queues, processed, failed } = this.model
    expect({
      scheduled: stats.scheduled,
      retries: stats.retries,
      dead: stats.dead,
      working: stats.working,
      processed: stats.processed,
      failures: stats.failures,
      queues: Object.fromEntries(stats.queues),
    }).toEqual({
      scheduled: sets.scheduled.length,
      retries: sets.retries.length,
      dead: sets.dead.length,
      working: reserved.length,
      processed,
      failures: failed,
      queues: Object.fromEntries([...queues].map(([name, jobs]) => [name, jobs.length])),
    })
  }
}

let database: Database
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

for (const [title, openBench] of [
  ['the embedded engine', openEmbeddedBench],
  ['the embedded engine, with next to no memory,', () => openEmbeddedBench({ memoryBytes: 1000 })],
  ['the PostgreSQL engine', benchOn(() => database.url)],
] as const) {
  test(`${title} does what the model does`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), last, async (steps, end) => {
        const bench = await openBench()
        try {
          const play = new Play(bench)
          for (const each of steps) await play.step(each)
          if (end === 'flush') await play.flush()
          for (const name of QUEUES) await play.step({ resume: name })
          while ((await play.fetch(QUEUES)) !== undefined);
          await bench.restart()
        } finally {
          await bench.close()
        }
      }),
      { numRuns: 40, interruptAfterTimeLimit: 60_000 },
    )
  })
}
