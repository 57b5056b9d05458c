import { formatTime, isRefusal } from '@jobmill/protocol'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Bench, jidOf, wireJob } from '../../../../test/support/rules.ts'
import { JobList, type ListedJob } from '../../../../test/support/job-list.ts'
import { flush, mutate } from '../rules/mutate.ts'
import { push } from '../rules/push.ts'
import { pauseQueues, removeQueues, resumeQueues } from '../rules/queue.ts'
import { enqueueDue, lapse, purgeDead, shiftReservations, sweepRemoved } from '../rules/task.ts'
import { ack, fail } from '../rules/work.ts'
import { State, type TimedState } from '../types.ts'

// On a machine that others keep busy.
vi.setConfig({ testTimeout: 30_000 })

const QUEUES = ['a', 'b', 'c']
const TIMED: readonly TimedState[] = [State.Scheduled, State.Retry, State.Dead]
const DEAD_MS = 180 * 86_400_000
const REPORT = { errtype: 'E', message: 'boom', backtrace: [] }

const queue = fc.constantFrom(...QUEUES)
const set = fc.constantFrom(...TIMED)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      push: queue,
      priority: fc.constantFrom(1, 5, 5, 9),
      retry: fc.constantFrom(-1, 0, 1, 2),
      inMs: fc.constantFrom(0, 0, 0, 1, 1000, 20_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ fetch: fc.shuffledSubarray(QUEUES, { minLength: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ ack: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ fail: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ later: fc.constantFrom(1, 900, 17_000, 1_900_000) }) },
  { weight: 1, arbitrary: fc.constant({ later: DEAD_MS }) },
  { weight: 2, arbitrary: fc.record({ bring: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      mutate: set,
      cmd: fc.constantFrom('discard' as const, 'kill' as const, 'requeue' as const),
      from: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ shift: fc.integer({ min: -4e6, max: 4e6 }) }) },
  { weight: 1, arbitrary: fc.record({ pause: queue }) },
  { weight: 1, arbitrary: fc.record({ resume: queue }) },
  { weight: 1, arbitrary: fc.record({ remove: queue }) },
  { weight: 1, arbitrary: fc.record({ flush: fc.constant(true) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays each step on memory and model, and compares the answers. */
class Play {
  readonly bench: Bench
  readonly model = new JobList()
  #jid = 0

  constructor(budgetBytes: number) {
    this.bench = new Bench(budgetBytes)
  }

  step(step: Step): void {
    const { bench, model } = this
    if ('push' in step) this.#push(step)
    else if ('fetch' in step) this.fetch(step.fetch)
    else if ('ack' in step) {
      const job = this.#reserved(step.ack)
      const run = bench.run(ack, { jid: job?.jid ?? 'no-such-job', wid: '' })
      expect(run?.jid).toBe(job?.jid)
      if (job !== undefined) model.drop([job])
    } else if ('fail' in step) {
      const job = this.#reserved(step.fail)
      const refusal = bench.run(fail, { jid: job?.jid ?? 'no-such-job', wid: '', ...REPORT })
      expect(isRefusal(refusal)).toBe(job === undefined)
      if (job !== undefined) model.failed(job, bench.ms)
    } else if ('later' in step) {
      bench.ms += step.later
      this.#tasks()
    } else if ('bring' in step) bench.bring(step.bring)
    else if ('mutate' in step) this.#mutate(step)
    else if ('shift' in step) {
      const keys = [...bench.memory.reservations()].map(({ at, seq }) => ({ at, seq }))
      bench.run(shiftReservations, { keys, byMs: step.shift })
      for (const job of model.placed(State.Reserved)) job.at += step.shift
    } else if ('pause' in step) {
      bench.run(pauseQueues, { names: [step.pause] })
      model.paused.add(step.pause)
    } else if ('resume' in step) {
      bench.run(resumeQueues, { names: [step.resume] })
      model.paused.delete(step.resume)
    } else if ('remove' in step) {
      bench.run(removeQueues, { names: [step.remove] })
      model.drop(model.placed(State.Queued).filter((job) => job.queue === step.remove))
      model.paused.delete(step.remove)
    } else {
      bench.run(flush, undefined)
      model.drop(model.jobs)
      model.paused.clear()
    }
  }

  /** @returns whether there was a job */
  fetch(queues: readonly string[]): boolean {
    const { bench, model } = this
    const expected = model.fetch(queues)
    const jid = jidOf(bench.fetch(queues))
    expect(jid).toBe(expected?.jid)
    if (expected === undefined) return false
    model.move(expected, State.Reserved, bench.ms + 1_800_000)
    return true
  }

  /** Each job is in exactly one place, the one that the model says; rows and counts agree. */
  compare(): void {
    const { memory, disk } = this.bench
    const found = new Map<number, State>()
    const put = (seq: number, place: State): void => {
      expect(found.has(seq)).toBe(false)
      found.set(seq, place)
    }
    for (const name of QUEUES) {
      const seqs = memory.lanes(name).flatMap((lane) => [...lane.seqs()])
      expect(seqs.length).toBe(memory.queueSize(name))
      for (const seq of seqs) put(seq, State.Queued)
    }
    for (const job of memory.reservations()) put(job.seq, State.Reserved)
    for (const timed of TIMED) {
      const keys = this.bench.keysOf(timed)
      expect(keys.length).toBe(memory.setSize(timed))
      for (const { seq } of keys) put(seq, timed)
    }
    const removed = new Set(memory.removed(Infinity))
    const rows = [...disk.rows.values()].filter((row) => !removed.has(row.seq))
    expect(rows.length).toBe(found.size)
    for (const row of rows) expect(found.get(row.seq)).toBe(row.state)
    const told = rows.map(({ jid, state, at }) => ({ jid, place: state, at }))
    // When a job was enqueued is no business of the model's.
    const bare = (job: { jid: string; place: State; at: number }) =>
      `${job.jid} ${job.place} ${job.place === State.Queued ? '' : job.at}`
    expect(told.map(bare).sort()).toEqual(this.model.jobs.map(bare).sort())
  }

  #push(step: { push: string; priority: number; retry: number; inMs: number }): void {
    const { bench, model } = this
    const jid = `job-${String((this.#jid += 1)).padStart(6, '0')}`
    const at = step.inMs === 0 ? '' : formatTime(bench.ms + step.inMs)
    const { push: name, priority, retry } = step
    expect(bench.run(push, wireJob({ jid, queue: name, priority, retry, at }))).toBeUndefined()
    const place = step.inMs > 0 ? State.Scheduled : State.Queued
    model.add({ jid, queue: name, priority, retry, place, at: bench.ms + step.inMs })
  }

  #reserved(pick: number): ListedJob | undefined {
    const reserved = this.model.placed(State.Reserved)
    return reserved[pick % Math.max(1, reserved.length)]
  }

  #mutate({
    mutate: place,
    cmd,
    from,
  }: {
    mutate: TimedState
    cmd: 'discard' | 'kill' | 'requeue'
    from: number
  }): void {
    const { bench, model } = this
    const keys = bench.keysOf(place).slice(from)
    const jobs = model.placed(place).slice(from)
    expect(bench.run(mutate, { cmd, set: place, keys })).toBe(jobs.length)
    if (cmd === 'discard') model.drop(jobs)
    else
      for (const job of jobs) model.move(job, cmd === 'kill' ? State.Dead : State.Queued, bench.ms)
  }

  /** All that is due, in slices of two; lapses one by one, as those of one slice differ in luck. */
  #tasks(): void {
    const { bench, model } = this
    for (const place of [State.Scheduled, State.Retry] as const) {
      while (bench.run(enqueueDue, { set: place, limit: 2 }).count === 2);
      for (const job of model.due(place, bench.ms)) model.move(job, State.Queued, bench.ms)
    }
    while (bench.run(lapse, { limit: 1 }).count === 1);
    for (const job of model.due(State.Reserved, bench.ms)) model.failed(job, bench.ms)
    while (bench.run(purgeDead, { limit: 2 }).count === 2);
    model.drop(model.due(State.Dead, bench.ms - DEAD_MS))
    while (bench.run(sweepRemoved, { limit: 2 }).count === 2);
  }
}

describe.each([
  ['all of it whole', 64 * 1024 * 1024],
  ['most of it on disk', 700],
])('memory, %s,', (_, budgetBytes) => {
  test('does what a list does: each job is in one place, 9 goes first, then the oldest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const play = new Play(budgetBytes)
        for (const each of steps) {
          play.step(each)
          play.compare()
        }
        for (const name of QUEUES) play.step({ resume: name })
        while (play.fetch(QUEUES)) play.compare()
        expect(QUEUES.map((name) => play.bench.memory.queueSize(name))).toEqual([0, 0, 0])
      }),
      { numRuns: 60 },
    )
  })
})
