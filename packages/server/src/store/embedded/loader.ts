import {
  State,
  type Memory,
  type NoteRecord,
  type Priority,
  type QueueRecord,
  type Seq,
} from '@jobmill/core'
import type { Log } from '../../log.ts'
import type { LoadedSet, ReadJob } from './messages.ts'
import type { Loaded } from './storage.ts'
import { readExtra } from './warmer.ts'

/** Fills a fresh memory with what the storage thread reads. */
export class Loader {
  readonly counts = { waiting: 0, reserved: 0, scheduled: 0, retries: 0, dead: 0 }

  readonly #memory: Memory
  readonly #log: Log
  /** Queues that were removed, up to a seq. */
  readonly #marks = new Map<string, Seq>()

  constructor(memory: Memory, log: Log) {
    this.#memory = memory
    this.#log = log
  }

  /** @returns whether that was the last piece */
  take(message: Loaded): boolean {
    switch (message.did) {
      case 'records':
        for (const [kind, key, value] of message.rows) this.#record(kind, key, value)
        return false
      case 'lanes':
        for (const lane of message.lanes) {
          const mark = this.#marks.get(lane.queue) ?? 0
          const removed = lane.seqs.filter((seq) => seq <= mark)
          const kept = removed.length === 0 ? lane.seqs : lane.seqs.filter((seq) => seq > mark)
          if (removed.length > 0) this.#memory.loadRemoved(removed)
          if (kept.length > 0) this.#lane(lane.queue, lane.priority, kept)
          this.counts.waiting += kept.length
        }
        return false
      case 'reserved':
        for (const row of message.jobs) this.#reserved(row)
        return false
      case 'set':
        this.#set(message.set)
        return false
      case 'aside':
        this.#aside(message)
        return false
      case 'load':
        this.#memory.lastSeq = Math.max(this.#memory.lastSeq, message.lastSeq)
        return true
    }
  }

  #record(kind: string, key: string, text: string): void {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      this.#log.warn({ kind, key }, 'a record is unreadable and was passed over')
      return
    }
    if (kind === 'queue') {
      // Written by this engine as it is.
      const record = value as QueueRecord
      if (record.removedTo > 0) this.#marks.set(key, record.removedTo)
      this.#memory.loadRecord('queue', key, record)
    } else if (kind === 'note') {
      this.#memory.loadRecord('note', key, value as NoteRecord)
    } else if (kind === 'total') {
      const totals = value as { lastSeq: number; processed: number; failures: number }
      this.#memory.lastSeq = Math.max(this.#memory.lastSeq, totals.lastSeq)
      this.#memory.loadCounter('processed', totals.processed)
      this.#memory.loadCounter('failures', totals.failures)
    }
  }

  #lane(queue: string, priority: Priority, seqs: Float64Array): void {
    this.#memory.loadLane(queue, priority, seqs)
    if (this.#memory.record('queue', queue) !== undefined) return
    // Its record was unreadable; its jobs are not to be forgotten with it.
    this.#memory.loadRecord('queue', queue, { known: true, paused: false, removedTo: 0 })
  }

  #aside({ rows, file }: Extract<Loaded, { did: 'aside' }>): void {
    if (file === undefined) {
      this.#log.error(
        { rows },
        'rows that cannot be read were passed over: no file could be written',
      )
    } else {
      this.#log.warn(
        { rows, file },
        `rows that cannot be read were set aside in ${file}: look at them`,
      )
    }
  }

  #reserved(row: ReadJob): void {
    this.#memory.loadReserved({
      seq: row.seq,
      queue: row.queue,
      priority: row.priority,
      state: State.Reserved,
      at: row.at,
      jid: row.jid,
      wid: row.wid,
      payload: row.payload,
      extra: readExtra(row),
    })
    this.counts.reserved += 1
  }

  #set({ set, at, seq, lane, lanes }: LoadedSet): void {
    this.#memory.loadTimed(set, at, seq, (i) => lanes[lane[i] ?? 0] ?? { queue: '', priority: 5 })
    if (set === State.Scheduled) this.counts.scheduled = seq.length
    else if (set === State.Retry) this.counts.retries = seq.length
    else this.counts.dead = seq.length
  }
}
