import { sortedOrder, State, type Priority, type TimedState } from '@jobmill/core'
import type Sqlite from 'better-sqlite3'
import type { FromThread, LoadedLane, LoadedSet, ReadJob } from './messages.ts'
import { SetAside } from './set-aside.ts'

/** Rows that one step of the load looks at: long enough to be quick, short enough to stop between. */
const STEP = 4096

interface LaneName {
  readonly queue: string
  readonly priority: Priority
}

const PLACES: Readonly<Record<number, true>> = Object.fromEntries(
  Object.values(State).map((state) => [state, true]),
)
const TIMED: readonly TimedState[] = [State.Scheduled, State.Retry, State.Dead]

/**
 * Reads all that memory must know, in order of seq, and tells it piece by piece. Waiting jobs come as
 * lists of seqs that SQLite joins into one text a lane: half the time of a row each. Rows that cannot
 * be placed go to a file in `folder`.
 * @returns the largest seq
 */
export function loadAll(
  db: Sqlite.Database,
  folder: string,
  tell: (message: FromThread) => void,
): number {
  const aside = new SetAside(db, folder)
  aside.records()
  const records = db.prepare<[], { kind: string; key: string; value: string }>(
    'select * from record',
  )
  tell({ did: 'records', rows: records.all().map(({ kind, key, value }) => [kind, key, value]) })

  const last = db.prepare<[], number>('select coalesce(max(seq), 0) from job').pluck().get() ?? 0
  const lanesOf = db
    .prepare<[number, number], [number, string, Priority, string, number]>(
      `select state, queue, priority, group_concat(seq), max(seq) from
         (select state, queue, priority, seq from job where seq > ? order by seq limit ?)
       group by state, queue, priority`,
    )
    .raw()
  const sets = TIMED.map((set) => new SetLoader(set))
  const timedOf = db
    .prepare<[number, number], [number, string, Priority, number, number]>(
      'select state, queue, priority, at, seq from job where seq > ? and seq <= ? and state > 1 and state <= 4 and priority between 1 and 9',
    )
    .raw()
  const reservedOf = db.prepare<[number, number], ReadJob>(
    'select seq, queue, priority, at, wid, jid, extra, payload from job where seq > ? and seq <= ? and state = 1 and priority between 1 and 9',
  )

  let from = 0
  while (from < last) {
    let to = from
    const lanes: LoadedLane[] = []
    const states = new Set<number>()
    let whole = true
    for (const [state, queue, priority, seqs, max] of lanesOf.all(from, STEP)) {
      if (!(state in PLACES) || priority < 1 || priority > 9) {
        whole = false
        to = Math.max(to, max)
        continue
      }
      states.add(state)
      to = Math.max(to, max)
      if (state === State.Queued) lanes.push({ queue, priority, seqs: numbers(seqs) })
    }
    if (to === from) break
    if (!whole) aside.jobs(from, to)
    tell({ did: 'lanes', lanes, percent: Math.floor((100 * to) / last) })
    if (states.has(State.Reserved)) tell({ did: 'reserved', jobs: reservedOf.all(from, to) })
    if (states.has(State.Scheduled) || states.has(State.Retry) || states.has(State.Dead)) {
      for (const [state, queue, priority, at, seq] of timedOf.iterate(from, to)) {
        sets.find(({ set }) => set === state)?.add(queue, priority, at, seq)
      }
    }
    from = to
  }
  for (const set of sets) tell({ did: 'set', set: set.sorted() })
  if (aside.found.rows > 0) tell({ did: 'aside', ...aside.found })
  return last
}

function numbers(text: string): Float64Array {
  const list = Float64Array.from(text.split(','), Number)
  // SQLite promises no order within a group.
  for (let i = 1; i < list.length; i += 1) {
    if ((list[i] ?? 0) < (list[i - 1] ?? 0)) return list.sort()
  }
  return list
}

/** Gathers one timed set and puts it in order of time. */
class SetLoader {
  readonly set: TimedState
  readonly #at: number[] = []
  readonly #seq: number[] = []
  readonly #lane: number[] = []
  readonly #lanes: LaneName[] = []
  readonly #ids = new Map<string, number>()

  constructor(set: TimedState) {
    this.set = set
  }

  add(queue: string, priority: Priority, at: number, seq: number): void {
    const name = `${priority} ${queue}`
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#lanes.push({ queue, priority }) - 1
      this.#ids.set(name, id)
    }
    this.#at.push(at)
    this.#seq.push(seq)
    this.#lane.push(id)
  }

  sorted(): LoadedSet {
    // By seq they are in order already, and the sort is stable: so this gives (at, seq).
    const order = sortedOrder(Float64Array.from(this.#at))
    return {
      set: this.set,
      at: Float64Array.from(order, (i) => this.#at[i] ?? 0),
      seq: Float64Array.from(order, (i) => this.#seq[i] ?? 0),
      lane: Int32Array.from(order, (i) => this.#lane[i] ?? 0),
      lanes: this.#lanes,
    }
  }
}
