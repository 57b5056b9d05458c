import {
  isJob,
  Memory,
  State,
  type Change,
  type Job,
  type Journal,
  type TimedState,
} from '@jobmill/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DirtySet } from './dirty.ts'
import { COLUMNS, type Batch } from './messages.ts'

/** A disk as a map: what commit.ts does in SQL. */
class Disk {
  readonly rows = new Map<number, unknown[]>()

  apply(batch: Batch): void {
    if (batch.flush) this.rows.clear()
    for (const seq of list(batch.drops)) {
      if (!this.rows.delete(Number(seq)))
        throw new Error(`drop of ${String(seq)}, which is not there`)
    }
    for (const move of [...list(batch.moves), ...list(batch.moveAndExtras)]) {
      const [disk, seq, state, at, wid, extra] = move as [
        number,
        number,
        number,
        number,
        string,
        unknown,
      ]
      const row = this.rows.get(disk)
      if (row === undefined) throw new Error(`move of ${disk}, which is not there`)
      this.rows.delete(disk)
      const [queue, priority, jid, oldExtra, payload] = [row[2], row[3], row[6], row[7], row[8]]
      const kept = move.length === 6 ? extra : oldExtra
      this.rows.set(seq, [seq, state, queue, priority, at, wid, jid, kept, payload])
    }
    for (let i = 0; i < batch.inserts.length; i += COLUMNS) {
      const row = batch.inserts.slice(i, i + COLUMNS)
      this.rows.set(Number(row[0]), row)
    }
  }

  sorted(): unknown[] {
    return [...this.rows.values()].sort((a, b) => Number(a[0]) - Number(b[0]))
  }
}

const list = (json: string | undefined): unknown[][] =>
  json === undefined ? [] : (JSON.parse(json) as unknown[][])

const step = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('push', 'schedule', 'fetch', 'fetch', 'ack', 'fail') },
  { weight: 2, arbitrary: fc.constantFrom('requeue', 'kill', 'discard') },
  { weight: 1, arbitrary: fc.constantFrom('commit', 'flush') },
)

/** Random life of jobs on a memory whose changes go to one dirty set after the other. */
class Life {
  dirty = new DirtySet()
  readonly memory: Memory
  #jid = 0

  constructor() {
    const journal: Journal = {
      inserted: (entry) => this.dirty.inserted(entry),
      moved: (entry, before, withExtra) => this.dirty.moved(entry, before, withExtra),
      dropped: (seq) => this.dirty.dropped(seq),
      put: () => undefined,
      deleted: () => undefined,
      counted: () => undefined,
      flushed: () => this.dirty.flushed(),
      timed: () => undefined,
      wanted: () => undefined,
    }
    this.memory = new Memory(journal, 1_000_000)
  }

  live(what: string): void {
    const change = this.#change(what)
    if (change !== undefined) this.memory.apply([change])
  }

  #change(what: string): Change | undefined {
    const job = this.memory.head('q')
    const held = this.memory.lapsed(Infinity, 1)[0]
    const waits = this.#first(State.Retry) ?? this.#first(State.Scheduled)
    switch (what) {
      case 'push':
        return { do: 'insert', job: this.#job(), state: State.Queued, at: 1 }
      case 'schedule':
        return { do: 'insert', job: this.#job(), state: State.Scheduled, at: 50 }
      case 'fetch':
        return job && { do: 'move', job, state: State.Reserved, at: 9, wid: 'w' }
      case 'ack':
        return held && { do: 'drop', job: held }
      case 'fail':
        return (
          held && {
            do: 'move',
            job: held,
            state: State.Retry,
            at: 7,
            wid: '',
            extra: { retry: this.#jid },
          }
        )
      case 'requeue':
        return waits && { do: 'move', job: waits, state: State.Queued, at: 3, wid: '' }
      case 'kill':
        return waits && { do: 'move', job: waits, state: State.Dead, at: 4, wid: '' }
      case 'discard':
        return waits && { do: 'drop', job: waits }
      default:
        return { do: 'flush' }
    }
  }

  #first(set: TimedState) {
    return this.memory.due(set, Infinity, 1)[0]
  }

  #job(): Pick<Job, 'jid' | 'queue' | 'priority' | 'payload' | 'extra'> {
    const jid = `j${(this.#jid += 1)}`
    return { jid, queue: 'q', priority: 5, payload: `{"jid":"${jid}"}`, extra: null }
  }
}

test('commits that failed and were merged back write what they would have written one by one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const life = new Life()
      const [each, merged] = [new Disk(), new Disk()]
      let failed: DirtySet | undefined
      const commit = (): void => {
        each.apply(life.dirty.toBatch())
        // Every commit of the other disk fails but the last.
        if (failed === undefined) failed = life.dirty
        else failed.mergeLater(life.dirty)
        life.dirty = new DirtySet()
      }
      for (const what of steps) {
        if (what === 'commit') commit()
        else life.live(what)
      }
      commit()
      if (failed !== undefined) merged.apply(failed.toBatch())
      expect(merged.sorted()).toEqual(each.sorted())
    }),
    { numRuns: 500 },
  )
})

test('a job that came and went between two commits leaves nothing to write', () => {
  const life = new Life()
  for (const what of ['push', 'fetch', 'ack']) life.live(what)
  expect(life.dirty.empty).toBe(true)
})

test('knows the job of a seq until it is on disk', () => {
  const life = new Life()
  life.live('push')
  const entry = life.dirty.get(1)
  expect(entry !== undefined && isJob(entry) && entry.jid).toBe('j1')
  expect(life.dirty.get(2)).toBeUndefined()
})
