import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { committer } from './commit.ts'
import { loadAll } from './load.ts'
import type { Fault, FromThread, ReadJob, ThreadData, ToThread } from './messages.ts'
import { prepareSchema } from './schema.ts'

// The storage thread: the only writer of the data file. It does one message after the other, so a
// read that is asked for after a commit sees it.

const port = parentPort
if (port === null) throw new Error('the storage thread is started by the embedded store only')
const tell = (message: FromThread): void => port.postMessage(message)
// Written by openEmbedded, in this package.
const { folder, durability } = workerData as ThreadData

function faultOf(error: unknown): Fault {
  const { code, message } = error as { code?: string; message?: string }
  return { code: code ?? 'ERROR', message: message ?? String(error) }
}

function start(): void {
  const file = join(folder, 'jobmill.db')
  const fresh = !existsSync(file)
  const db = new Sqlite(file, { timeout: 0 })
  prepareSchema(db, durability !== 'relaxed')
  const commit = committer(db)
  const read = db.prepare<[number], ReadJob>(
    'select seq, queue, priority, at, wid, jid, extra, payload from job where seq = ?',
  )
  tell({ did: 'open' })
  if (fresh) tell({ did: 'lanes', lanes: [], percent: 100 })

  port?.on('message', (message: ToThread) => {
    switch (message.do) {
      case 'load':
        try {
          tell({ did: 'load', lastSeq: loadAll(db, folder, tell) })
        } catch (error) {
          tell({ did: 'fail', fault: faultOf(error) })
        }
        return
      case 'commit':
        try {
          commit(message.batch)
          tell({ did: 'commit', fault: undefined })
        } catch (error) {
          tell({ did: 'commit', fault: faultOf(error) })
        }
        return
      case 'read':
        tell({ did: 'read', id: message.id, jobs: readJobs(read, message.seqs, message.bytes) })
        return
      case 'close':
        try {
          db.close()
        } finally {
          tell({ did: 'close' })
        }
    }
  })
}

/** The jobs of these seqs until one is missing or they take too many bytes; undefined: a fault. */
function readJobs(
  read: Sqlite.Statement<[number], ReadJob>,
  seqs: readonly number[],
  bytesMax: number,
): ReadJob[] | undefined {
  const jobs: ReadJob[] = []
  let bytes = 0
  try {
    for (const seq of seqs) {
      const job = read.get(seq)
      if (job === undefined || (bytes > 0 && bytes + job.payload.length > bytesMax)) break
      bytes += job.payload.length
      jobs.push(job)
    }
  } catch {
    return undefined
  }
  return jobs
}

try {
  start()
} catch (error) {
  tell({ did: 'fail', fault: faultOf(error) })
}
