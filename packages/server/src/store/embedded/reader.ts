import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { canonicalJob, globMatcher } from '@jobmill/protocol'
import { sortedOrder, type Extra } from '@jobmill/core'
import Sqlite from 'better-sqlite3'
import type { FromReader, ThreadData, ToReader } from './messages.ts'

// The reading thread: looks through sets on a connection of its own that cannot write, so that
// neither the event loop nor a commit waits for it.

const port = parentPort
if (port === null) throw new Error('the reading thread is started by the embedded store only')
// Written by the store, in this package.
const { folder } = workerData as Pick<ThreadData, 'folder'>
const db = new Sqlite(join(folder, 'jobmill.db'), { readonly: true, timeout: 1000 })
const byJid = db
  .prepare<[string, number], [number, number]>(
    // `state > 1` is what lets SQLite use the partial index.
    'select seq, at from job where jid = ? and state = ? and state > 1',
  )
  .raw()

/** Rows looked at between two looks at the clock of other readers: one statement each. */
const STEP = 1000
const bySeqs = db
  .prepare<[string], [number, number, string, string | null]>(
    `select job.seq, at, payload, extra from json_each(?) j join job on job.seq = j.value`,
  )
  .raw()

type Found = [seq: number, at: number][]
type Columns = Pick<FromReader, 'seq' | 'at'>

function ofJids(message: Extract<ToReader, { do: 'jids' }>): Found {
  const found: Found = []
  for (const jid of new Set(message.jids)) found.push(...byJid.all(jid, message.set))
  return found.sort(([a], [b]) => a - b)
}

function matching(message: Extract<ToReader, { do: 'match' }>): Found {
  const { jobtype, pattern } = message
  const fitsPattern = pattern === undefined ? undefined : globMatcher(pattern)
  const fits = (payload: string, extra: string | null): boolean => {
    try {
      if (jobtype !== undefined && jobtypeOf(payload) !== jobtype) return false
      return fitsPattern === undefined || fitsPattern(asFaktoryWrites(payload, extra))
    } catch {
      // One damaged row must not stop the work on all others; `jobmill check` names it.
      return false
    }
  }
  const found: Found = []
  const inOrder = message.seqs.sort()
  for (let from = 0; from < inOrder.length; from += STEP) {
    const seqs = JSON.stringify([...inOrder.subarray(from, from + STEP)])
    for (const [seq, at, payload, extra] of bySeqs.all(seqs)) {
      if (fits(payload, extra)) found.push([seq, at])
    }
  }
  return found
}

// Both texts were checked when they were written, by push and by the engine.
const jobtypeOf = (payload: string): unknown =>
  (JSON.parse(payload) as { jobtype?: unknown }).jobtype
const asFaktoryWrites = (payload: string, extra: string | null): string =>
  canonicalJob(payload, '', extra === null ? undefined : (JSON.parse(extra) as Extra).failure)

function sorted({ seq, at }: Extract<ToReader, { do: 'sort' }>): Columns {
  const order = sortedOrder(seq)
  return {
    seq: Float64Array.from(order, (i) => seq[i] ?? 0),
    at: Float64Array.from(order, (i) => at[i] ?? 0),
  }
}

const columns = (found: Found): Columns => ({
  seq: Float64Array.from(found, ([seq]) => seq),
  at: Float64Array.from(found, ([, at]) => at),
})

function answer(message: Exclude<ToReader, { do: 'close' }>): Columns {
  switch (message.do) {
    case 'sort':
      return sorted(message)
    case 'jids':
      return columns(ofJids(message))
    case 'match':
      return columns(matching(message))
  }
}

port.on('message', (message: ToReader) => {
  if (message.do === 'close') {
    db.close()
    port.close()
    return
  }
  port.postMessage(tryToAnswer(message))
})

function tryToAnswer(message: Exclude<ToReader, { do: 'close' }>): FromReader {
  const { id } = message
  try {
    return { id, ...answer(message), fault: undefined }
  } catch (error) {
    const { code, message: text } = error as { code?: string; message: string }
    return { id, ...columns([]), fault: { code: code ?? 'ERROR', message: text } }
  }
}
