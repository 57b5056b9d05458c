import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { State, type QueueRecord } from '@jobmill/core'
import Sqlite from 'better-sqlite3'

/** What `jobmill check` found. */
export interface CheckReport {
  readonly jobs: number
  /** Jobs by place, and queues. */
  readonly summary: Readonly<Record<string, number>>
  /** The file itself is broken: what it gives cannot be relied on. */
  readonly damaged: boolean
  /** One sentence each; none when all is well. */
  readonly problems: readonly string[]
}

const PLACES: Readonly<Record<number, string>> = {
  [State.Queued]: 'waiting',
  [State.Reserved]: 'working',
  [State.Scheduled]: 'scheduled',
  [State.Retry]: 'retries',
  [State.Dead]: 'dead',
}

/** Faults of one kind that are named one by one. */
const NAMED = 10

/** Each query gives the jobs that break one rule. */
const RULES: readonly { readonly broken: string; readonly where: string }[] = [
  { broken: 'is in no place', where: 'state not between 0 and 4' },
  { broken: 'is reserved without an end', where: 'state = 1 and at <= 0' },
  { broken: 'is held by a worker but not reserved', where: "state <> 1 and wid <> ''" },
  { broken: 'waits for no time', where: 'state > 1 and at <= 0' },
  { broken: 'has no priority from 1 to 9', where: 'priority not between 1 and 9' },
  { broken: 'has no jid', where: "jid = ''" },
  { broken: 'has an unreadable payload', where: 'not json_valid(payload)' },
  { broken: 'has an unreadable failure', where: 'extra is not null and not json_valid(extra)' },
]

/**
 * Looks through a data folder without changing it; a server may be running on it.
 * @param folder the data folder; throws when it holds no data
 */
export function checkData(folder: string): Promise<CheckReport> {
  const file = join(folder, 'jobmill.db')
  if (!existsSync(file)) {
    return Promise.reject(
      new Error(`there is no jobmill.db in ${folder}: give the server's data folder with -d`),
    )
  }
  return Promise.resolve(checkFile(file))
}

/** The same for one file of data, or a backup. Throws what SQLite does where it is none at all. */
export function checkFile(file: string): CheckReport {
  const db = new Sqlite(file, { readonly: true, timeout: 5000 })
  try {
    // One snapshot for all, whatever a running server commits meanwhile.
    return db.transaction(() => look(db))()
  } finally {
    db.close()
  }
}

function look(db: Sqlite.Database): CheckReport {
  const problems: string[] = []
  for (const line of db.pragma('integrity_check') as { integrity_check: string }[]) {
    if (line.integrity_check !== 'ok') problems.push(`the file is damaged: ${line.integrity_check}`)
  }
  const damaged = problems.length > 0
  for (const { broken, where } of RULES) {
    const seqs = db.prepare<[], number>(`select seq from job where ${where}`).pluck().all()
    for (const seq of seqs.slice(0, NAMED)) problems.push(`job ${seq} ${broken}`)
    if (seqs.length > NAMED) problems.push(`… and ${seqs.length - NAMED} more like it`)
  }

  const summary: Record<string, number> = {}
  for (const place of Object.values(PLACES)) summary[place] = 0
  const counts = db
    .prepare<[], [number, number]>('select state, count(*) from job group by state')
    .raw()
  let jobs = 0
  for (const [state, count] of counts.all()) {
    summary[PLACES[state] ?? 'nowhere'] = count
    jobs += count
  }

  const queues = readQueues(db, problems)
  summary['queues'] = [...queues.values()].filter((queue) => queue.known).length
  const waiting = db
    .prepare<[], [string, number]>('select queue, max(seq) from job where state = 0 group by queue')
    .raw()
  for (const [name, last] of waiting.all()) {
    const record = queues.get(name)
    const known = record !== undefined && (record.known || last <= record.removedTo)
    if (!known) problems.push(`queue ${name} holds jobs but is not listed`)
  }
  checkTotals(db, problems)
  return { jobs, summary, damaged, problems }
}

function readQueues(db: Sqlite.Database, problems: string[]): Map<string, QueueRecord> {
  const queues = new Map<string, QueueRecord>()
  const rows = db.prepare<[], { key: string; value: string }>(
    "select key, value from record where kind = 'queue'",
  )
  for (const { key, value } of rows.all()) {
    try {
      // Written by the engine as it is.
      queues.set(key, JSON.parse(value) as QueueRecord)
    } catch {
      problems.push(`the record of queue ${key} is unreadable`)
    }
  }
  return queues
}

function checkTotals(db: Sqlite.Database, problems: string[]): void {
  const last = db.prepare<[], number>('select coalesce(max(seq), 0) from job').pluck().get() ?? 0
  const text = db.prepare<[], string>("select value from record where kind = 'total'").pluck().get()
  if (text === undefined) {
    if (last > 0) problems.push('the totals are missing')
    return
  }
  const { lastSeq, processed, failures } = JSON.parse(text) as Record<string, unknown>
  if (typeof lastSeq !== 'number' || lastSeq < last) {
    problems.push(`the last seq given is ${String(lastSeq)}, but job ${last} exists`)
  }
  if (typeof processed !== 'number' || typeof failures !== 'number' || failures > processed) {
    problems.push(`the totals disagree: ${String(processed)} processed, ${String(failures)} failed`)
  }
}
