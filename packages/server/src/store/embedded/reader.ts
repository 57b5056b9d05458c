import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { sortedOrder, State, type Extra } from '@jobmill/core'
import Sqlite from 'better-sqlite3'
import { filterTest, type FilteredJob } from '../../filter/fits.ts'
import type {
  Fault,
  FromReader,
  Keys,
  Question,
  Rows,
  StateRow,
  ThreadData,
  ToReader,
} from './messages.ts'

// The reading thread: looks through the data on a connection of its own that cannot write, so that
// neither the event loop nor a commit waits for it.

const port = parentPort
if (port === null) throw new Error('the reading thread is started by the embedded store only')
// Written by the store, in this package.
const { folder } = workerData as Pick<ThreadData, 'folder'>
const db = new Sqlite(join(folder, 'jobmill.db'), { readonly: true, timeout: 1000 })

/** Payloads of one answer, in characters: it passes the event loop in one piece. One job always does. */
const ANSWER_MAX = 4 * 1024 * 1024

/** Rows of one statement: between two the snapshot is let go, and the time is looked at. */
const STEP = 1000

const byJid = db.prepare<[string], StateRow>(
  // `state > 1` is what lets SQLite use the partial index.
  'select * from job where jid = ? and state > 1',
)
/** Rows between two looks at the time. */
const LOOK_EVERY = 250
/** A search for mass work ends so late: others wait for the thread. */
const MATCH_MS = 60_000

const bySeq = db.prepare<[number], StateRow>('select * from job where seq = ?')
const bySeqs = db.prepare<[string], StateRow>(
  'select job.* from json_each(?) j join job on job.seq = j.value',
)
const waitingOf = db.prepare<[number, number, string], StateRow>(
  'select * from job where seq > ? and seq <= ? and state = 0 and jid = ?',
)
const lastOf = db
  .prepare<[number, number], number | null>(
    'select max(seq) from (select seq from job where seq > ? order by seq limit ?)',
  )
  .pluck()

const keyOf = ({ state, priority, at }: StateRow): number =>
  state === State.Queued ? priority : at

function keysOf(rows: readonly StateRow[]): Keys {
  return {
    seq: Float64Array.from(rows, ({ seq }) => seq),
    key: Float64Array.from(rows, keyOf),
  }
}

function sorted({ seq, key }: Keys): Keys {
  const order = sortedOrder(seq)
  return {
    seq: Float64Array.from(order, (i) => seq[i] ?? 0),
    key: Float64Array.from(order, (i) => key[i] ?? 0),
  }
}

/** One after the other: together they may be gigabytes. */
function* rowsOf(seqs: Float64Array): Generator<StateRow> {
  for (let from = 0; from < seqs.length; from += STEP) {
    yield* bySeqs.iterate(JSON.stringify([...seqs.subarray(from, from + STEP)]))
  }
}

/** A row as a filter looks at it. An `extra` that cannot be read is none. */
function filtered(row: StateRow): FilteredJob {
  let extra: Extra | null = null
  try {
    extra = row.extra === null ? null : (JSON.parse(row.extra) as Extra)
  } catch {
    // `jobmill check` names it.
  }
  return { ...row, failure: extra?.failure }
}

function ofJids({ state, jids }: Extract<Question, { do: 'jids' }>): Keys {
  const rows = [...new Set(jids)].flatMap((jid) => byJid.all(jid))
  return sorted(keysOf(rows.filter((row) => row.state === state)))
}

function matching({ seqs, state, filter, nowMs }: Extract<Question, { do: 'match' }>): Keys {
  const fits = filterTest(filter, nowMs)
  const found: number[] = []
  const keys: number[] = []
  const endMs = performance.now() + MATCH_MS
  for (const row of rowsOf(seqs.sort())) {
    if (row.state === state && fits(filtered(row))) {
      found.push(row.seq)
      keys.push(keyOf(row))
    }
    if (performance.now() > endMs) {
      throw new Error(`the filter took more than ${MATCH_MS / 1000} s: make it narrower`)
    }
  }
  return { seq: Float64Array.from(found), key: Float64Array.from(keys) }
}

function scan(question: Extract<Question, { do: 'scan' }>): Rows {
  const { seqs, state, filter, nowMs, limit, budgetMs } = question
  const fits = filterTest(filter, nowMs)
  const endMs = performance.now() + budgetMs
  const found: StateRow[] = []
  let searched = 0
  let last: StateRow | undefined
  let size = 0
  const result = (): Rows => ({
    rows: found,
    searched,
    last: last === undefined ? undefined : { key: keyOf(last), seq: last.seq },
    complete: searched === seqs.length,
  })
  for (const seq of seqs) {
    const row = bySeq.get(seq)
    // It may have moved on since the list of seqs was made.
    if (row?.state === state) {
      const isMeant = fits(filtered(row))
      if (isMeant && found.length > 0 && size + row.payload.length > ANSWER_MAX) return result()
      last = row
      if (isMeant) {
        found.push(row)
        size += row.payload.length
      }
    }
    searched += 1
    if (found.length === limit) return result()
    if (searched % LOOK_EVERY === 0 && performance.now() > endMs) break
  }
  return result()
}

function find({ jid, budgetMs }: Extract<Question, { do: 'find' }>): Rows {
  const rows = byJid.all(jid)
  const endMs = performance.now() + budgetMs
  // A waiting job has no index by jid: that would cost every push.
  for (let from = 0; ;) {
    const to = lastOf.get(from, STEP * 4) ?? 0
    if (to === 0) return { rows, searched: 0, last: undefined, complete: true }
    rows.push(...waitingOf.all(from, to, jid))
    from = to
    if (performance.now() > endMs) return { rows, searched: 0, last: undefined, complete: false }
  }
}

function answer(question: Question): Keys | Rows {
  switch (question.do) {
    case 'sort':
      return sorted(question)
    case 'jids':
      return ofJids(question)
    case 'match':
      return matching(question)
    case 'scan':
      return scan(question)
    case 'find':
      return find(question)
  }
}

function tryToAnswer(question: Question): Keys | Rows | Fault {
  try {
    return answer(question)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { code: code ?? 'ERROR', message }
  }
}

port.on('message', (message: ToReader) => {
  if ('do' in message) {
    db.close()
    port.close()
    return
  }
  const reply: FromReader = { id: message.id, answer: tryToAnswer(message.ask) }
  port.postMessage(reply)
})
