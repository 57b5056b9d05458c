import { isJob, State, type Entry, type Kind, type Seq } from '@jobmill/core'
import type { Batch, Row } from './messages.ts'

/** A row that differs from disk. */
interface DirtyRow {
  /** The job as it is now; a whole Job when its extra, or all of it, is to be written. */
  entry: Entry
  /** The seq of its row on disk; 0: it has none yet. */
  disk: Seq
  /** The entry's `extra` is to be written. */
  withExtra: boolean
}

/**
 * What differs from disk: states, not events, one entry a row. So a job that is pushed, fetched and
 * acknowledged between two commits leaves nothing to write, and a failed commit is merged back by
 * joining two of these. A row is named by the seq it has now; `drops` by the seq on disk.
 */
export class DirtySet {
  readonly #rows = new Map<Seq, DirtyRow>()
  readonly #drops = new Set<Seq>()
  /** kind, key → JSON or null for deleted */
  readonly #records = new Map<string, { kind: string; key: string; value: string | null }>()
  #flush = false

  get empty(): boolean {
    return (
      this.#rows.size === 0 && this.#drops.size === 0 && this.#records.size === 0 && !this.#flush
    )
  }

  inserted(entry: Entry): void {
    this.#rows.set(entry.seq, { entry, disk: 0, withExtra: true })
  }

  moved(entry: Entry, before: Seq, withExtra: boolean): void {
    const row = this.#rows.get(before)
    if (row === undefined) {
      this.#rows.set(entry.seq, { entry, disk: before, withExtra })
      return
    }
    this.#rows.delete(before)
    this.#rows.set(entry.seq, joined(row, { entry, disk: before, withExtra }))
  }

  dropped(seq: Seq): void {
    const row = this.#rows.get(seq)
    if (row === undefined) {
      this.#drops.add(seq)
      return
    }
    this.#rows.delete(seq)
    if (row.disk !== 0) this.#drops.add(row.disk)
  }

  record(kind: Kind | 'total', key: string, value: string | null): void {
    this.#records.set(`${kind}\n${key}`, { kind, key, value })
  }

  flushed(): void {
    this.#rows.clear()
    this.#drops.clear()
    this.#records.clear()
    this.#flush = true
  }

  /** The job of a seq, if its row is dirty. */
  get(seq: Seq): Entry | undefined {
    return this.#rows.get(seq)?.entry
  }

  /** As one batch for the storage thread. */
  toBatch(): Batch {
    const inserts: Row = []
    const moves: Row[] = []
    const moveAndExtras: Row[] = []
    for (const { entry, disk, withExtra } of this.#rows.values()) {
      const wid = isJob(entry) && entry.state === State.Reserved ? entry.wid : ''
      if (disk === 0) {
        if (!isJob(entry)) throw new Error(`job ${entry.seq} is new but has no payload`)
        const { seq, state, queue, priority, at, jid, payload } = entry
        inserts.push(seq, state, queue, priority, at, wid, jid, extraText(entry), payload)
      } else if (withExtra) {
        moveAndExtras.push([disk, entry.seq, entry.state, entry.at, wid, extraText(entry)])
      } else {
        moves.push([disk, entry.seq, entry.state, entry.at, wid])
      }
    }
    return {
      flush: this.#flush,
      inserts,
      moves: moves.length === 0 ? undefined : JSON.stringify(moves),
      moveAndExtras: moveAndExtras.length === 0 ? undefined : JSON.stringify(moveAndExtras),
      drops: this.#drops.size === 0 ? undefined : JSON.stringify([...this.#drops]),
      records: [...this.#records.values()].flatMap(({ kind, key, value }) => [kind, key, value]),
    }
  }

  /** Takes in what came after this set: the commit of this one failed, and both are to be tried. */
  mergeLater(later: DirtySet): void {
    if (later.#flush) this.flushed()
    for (const seq of later.#drops) this.dropped(seq)
    for (const [seq, row] of later.#rows) {
      const mine = row.disk === 0 ? undefined : this.#rows.get(row.disk)
      if (mine === undefined) {
        this.#rows.set(seq, row)
      } else {
        this.#rows.delete(row.disk)
        this.#rows.set(seq, joined(mine, row))
      }
    }
    for (const [name, record] of later.#records) this.#records.set(name, record)
  }
}

/** One row after two changes. The whole job is kept where either has it. */
function joined(earlier: DirtyRow, later: DirtyRow): DirtyRow {
  const withExtra = earlier.withExtra || later.withExtra
  if (isJob(later.entry) || !isJob(earlier.entry)) {
    return { entry: later.entry, disk: earlier.disk, withExtra }
  }
  const { seq, state, at } = later.entry
  Object.assign(earlier.entry, { seq, state, at, wid: '' })
  return { entry: earlier.entry, disk: earlier.disk, withExtra }
}

function extraText(entry: Entry): string | null {
  return isJob(entry) && entry.extra !== null ? JSON.stringify(entry.extra) : null
}
