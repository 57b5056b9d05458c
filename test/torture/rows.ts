import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Numbers of the column `state`. Source: storage, `State` in packages/core. */
export const Place = { Queued: 0, Reserved: 1, Scheduled: 2, Retry: 3, Dead: 4 } as const

/** A job as it lies in the file. */
export interface Row {
  readonly seq: number
  readonly jid: string
  readonly state: number
  readonly at: number
  readonly extra: string | null
  readonly payload: string
}

/**
 * All jobs of a data folder whose server is gone, by jid. Each should have one row.
 * SQLite recovers its write-ahead log as it opens, so the folder may change.
 * @throws when SQLite finds the file broken
 */
export function readRows(folder: string): Map<string, Row[]> {
  const database = new Database(join(folder, 'jobmill.db'))
  try {
    const broken = database.pragma('integrity_check', { simple: true })
    if (broken !== 'ok') throw new Error(`integrity_check: ${String(broken)}`)
    const byJid = new Map<string, Row[]>()
    const table = database.prepare("select 1 from sqlite_schema where name = 'job'").get()
    if (table === undefined) return byJid
    const all = database.prepare<[], Row>('select seq, jid, state, at, extra, payload from job')
    for (const row of all.iterate()) {
      const rows = byJid.get(row.jid)
      if (rows === undefined) byJid.set(row.jid, [row])
      else rows.push(row)
    }
    return byJid
  } finally {
    database.close()
  }
}

/** Failures that the row's record tells of. */
export function failuresOf(row: Row): number {
  const extra = JSON.parse(row.extra ?? '{}') as { failure?: { retryCount: number } }
  return extra.failure === undefined ? 0 : extra.failure.retryCount + 1
}
