import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { canonicalJob, globMatcher } from '@jobmill/protocol'
import type { Extra } from '@jobmill/core'
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

function ofJids(message: Extract<ToReader, { do: 'jids' }>): [seq: number, at: number][] {
  const found: [number, number][] = []
  for (const jid of new Set(message.jids)) found.push(...byJid.all(jid, message.set))
  return found.sort(([a], [b]) => a - b)
}

function matching(message: Extract<ToReader, { do: 'match' }>): [seq: number, at: number][] {
  const fitsPattern = message.pattern === undefined ? undefined : globMatcher(message.pattern)
  const found: [number, number][] = []
  for (let from = 0; from < message.seqs.length; from += STEP) {
    const seqs = JSON.stringify([...message.seqs.subarray(from, from + STEP)])
    for (const [seq, at, payload, extra] of bySeqs.all(seqs)) {
      if (message.jobtype !== undefined && jobtypeOf(payload) !== message.jobtype) continue
      if (fitsPattern !== undefined && !fitsPattern(asFaktoryWrites(payload, extra))) continue
      found.push([seq, at])
    }
  }
  return found
}

// Both texts were checked when they were written, by push and by the engine.
const jobtypeOf = (payload: string): unknown =>
  (JSON.parse(payload) as { jobtype?: unknown }).jobtype
const asFaktoryWrites = (payload: string, extra: string | null): string =>
  canonicalJob(payload, '', extra === null ? undefined : (JSON.parse(extra) as Extra).failure)

port.on('message', (message: ToReader) => {
  if (message.do === 'close') {
    db.close()
    port.close()
    return
  }
  const reply: { found: [number, number][]; fault: FromReader['fault'] } = {
    found: [],
    fault: undefined,
  }
  try {
    reply.found = message.do === 'jids' ? ofJids(message) : matching(message)
  } catch (error) {
    const { code, message: text } = error as { code?: string; message: string }
    reply.fault = { code: code ?? 'ERROR', message: text }
  }
  const answer: FromReader = {
    id: message.id,
    seq: Float64Array.from(reply.found, ([seq]) => seq),
    at: Float64Array.from(reply.found, ([, at]) => at),
    fault: reply.fault,
  }
  port.postMessage(answer)
})
