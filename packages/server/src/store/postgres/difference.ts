import {
  isJob,
  State,
  type Counter,
  type Entry,
  type Extra,
  type Job,
  type Journal,
  type Kind,
  type Seq,
} from '@jobmill/core'

/** A job that a group changed. */
interface Row {
  readonly entry: Entry
  /** The seq of its row in the database; 0: it has none yet. */
  readonly origin: Seq
  /** The entry's `extra` counts; else the row keeps its own. */
  readonly withExtra: boolean
}

/** What a row says in the database by now, in this transaction, where a load has changed or read it. */
export interface Loaded {
  readonly state: State
  readonly at: number
  readonly wid: string
  readonly extra: Extra | null
  /** Reserved by the load, as a guess: how it waited. */
  readonly waitedAt?: number
}

export interface Move {
  readonly seq: Seq
  /** It goes to the back of a queue. */
  readonly enters: boolean
  readonly state: State
  readonly at: number
  readonly wid: string
  /** undefined: as it was. */
  readonly extra: Extra | null | undefined
}

export interface RecordChange {
  readonly kind: Kind
  readonly key: string
  /** As it was read; null: there was none. */
  readonly was: string | null
  /** null: it goes. */
  readonly value: string | null
}

/** All that a group has to write. */
export interface Writes {
  /** Before all else. */
  readonly flush: boolean
  /** In order of arrival, as are the moves. */
  readonly inserts: readonly Job[]
  readonly moves: readonly Move[]
  readonly drops: readonly Seq[]
  /** By kind and key. */
  readonly records: readonly RecordChange[]
  readonly processed: number
  readonly failures: number
}

/** A job that was deleted as a guess is to stay after all: decide again without guessing. */
export class WrongGuess extends Error {
  override readonly name = 'WrongGuess'
}

/** What a group's decisions make differ from the database: states, not events. */
export class Difference implements Journal {
  /** The soonest that anything falls due. */
  timedAtMs = Infinity
  readonly #rows = new Map<Seq, Row>()
  readonly #drops = new Set<Seq>()
  readonly #records = new Map<string, { kind: Kind; key: string; value: string | null }>()
  readonly #totals: Record<Counter, number> = { processed: 0, failures: 0 }
  #flush = false

  inserted(entry: Entry): void {
    this.#rows.set(entry.seq, { entry, origin: 0, withExtra: true })
  }

  moved(entry: Entry, before: Seq, withExtra: boolean): void {
    const row = this.#rows.get(before)
    if (row !== undefined) this.#rows.delete(before)
    this.#rows.set(entry.seq, {
      entry,
      origin: row?.origin ?? before,
      withExtra: withExtra || row?.withExtra === true,
    })
  }

  dropped(seq: Seq): void {
    const row = this.#rows.get(seq)
    this.#rows.delete(seq)
    if (row?.origin !== 0) this.#drops.add(row?.origin ?? seq)
  }

  put(kind: Kind, key: string, value: object): void {
    this.#records.set(`${kind}\n${key}`, { kind, key, value: JSON.stringify(value) })
  }

  deleted(kind: Kind, key: string): void {
    this.#records.set(`${kind}\n${key}`, { kind, key, value: null })
  }

  counted(counter: Counter, total: number): void {
    this.#totals[counter] = total
  }

  flushed(): void {
    this.#rows.clear()
    this.#drops.clear()
    this.#totals.processed = 0
    this.#totals.failures = 0
    for (const [name, { kind }] of this.#records) if (kind !== 'worker') this.#records.delete(name)
    this.#flush = true
  }

  timed(atMs: number): void {
    this.timedAtMs = Math.min(this.timedAtMs, atMs)
  }

  wanted(): void {
    // Every job that a group needs is loaded whole before it decides.
  }

  /**
   * @param loaded by seq, what loads changed or read whole
   * @param settled seqs of rows that the load has deleted
   * @param read the text of each record that was loaded, by kind, newline, key
   * Throws WrongGuess when a settled job is to stay.
   */
  writes(
    loaded: ReadonlyMap<Seq, Loaded>,
    settled: ReadonlySet<Seq>,
    read: ReadonlyMap<string, string>,
  ): Writes {
    const inserts: Job[] = []
    const moves: Move[] = []
    const touched = new Set(this.#drops)
    for (const { entry, origin, withExtra } of this.#rows.values()) {
      touched.add(origin)
      if (origin === 0) inserts.push(whole(entry))
      else if (settled.has(origin)) throw new WrongGuess(`job ${origin} stays`)
      else {
        const move = moveOf(entry, origin, withExtra, loaded.get(origin))
        if (move !== undefined) moves.push(move)
      }
    }
    for (const seq of settled) if (!touched.has(seq)) throw new WrongGuess(`job ${seq} stays`)
    for (const [seq, { waitedAt }] of loaded) {
      if (waitedAt === undefined || touched.has(seq)) continue
      moves.push({
        seq,
        enters: false,
        state: State.Queued,
        at: waitedAt,
        wid: '',
        extra: undefined,
      })
    }
    return {
      flush: this.#flush,
      inserts,
      moves,
      drops: [...this.#drops].filter((seq) => !settled.has(seq)).sort((a, b) => a - b),
      records: this.#recordChanges(read),
      processed: this.#totals.processed,
      failures: this.#totals.failures,
    }
  }

  #recordChanges(read: ReadonlyMap<string, string>): RecordChange[] {
    const changes: RecordChange[] = []
    for (const [name, { kind, key, value }] of this.#records) {
      const was = this.#flush && kind !== 'worker' ? null : (read.get(name) ?? null)
      if (was !== value) changes.push({ kind, key, was, value })
    }
    const order = (one: RecordChange): string => `${one.kind}\n${one.key}`
    return changes.sort((a, b) => (order(a) < order(b) ? -1 : 1))
  }
}

function whole(entry: Entry): Job {
  if (!isJob(entry)) throw new Error(`job ${entry.seq} is new but has no payload`)
  return entry
}

/** @returns undefined when the row says all this already */
function moveOf(
  entry: Entry,
  origin: Seq,
  withExtra: boolean,
  loaded: Loaded | undefined,
): Move | undefined {
  const job = isJob(entry) ? entry : undefined
  const wid = job !== undefined && job.state === State.Reserved ? job.wid : ''
  const { state, at } = entry
  const enters = entry.seq !== origin
  const newExtra = withExtra && job !== undefined && job.extra !== loaded?.extra
  const same = loaded?.state === state && loaded.at === at && loaded.wid === wid
  if (same && !enters && !newExtra) return undefined
  return { seq: origin, enters, state, at, wid, extra: newExtra ? job.extra : undefined }
}
