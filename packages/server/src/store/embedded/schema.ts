import type Sqlite from 'better-sqlite3'

/** Written as SQLite's user_version; raised with each change of the tables. */
const VERSION = 1

/**
 * One table, one row a job: its seq is its place, so a queue needs no index; the partial index serves
 * MUTATE by jid. Times are whole epoch ms.
 */
const TABLES = `
  create table job(
    seq integer primary key, state integer not null, queue text not null, priority integer not null,
    at integer not null, wid text not null, jid text not null, extra text, payload text not null
  ) strict;
  create index job_jid on job(jid) where state > 1;
  create table record(
    kind text not null, key text not null, value text not null, primary key(kind, key)
  ) strict, without rowid;
`

/** Pages that the write-ahead log takes before they move to the data file. */
const CHECKPOINT_PAGES = 4000

/** What the log may keep of the disk once it has grown, as it does while a backup reads. */
const LOG_BYTES = 64 * 1024 * 1024

/** Throws when the data was written by a newer version. @returns the format; 0: no tables yet */
export function formatOf(db: Sqlite.Database): number {
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > VERSION) {
    throw new Error(
      `the data was written by a newer Jobmill (format ${version}, this one knows ${VERSION}): ` +
        'start that version, or point -d at another folder',
    )
  }
  return version
}

/**
 * Makes or checks the tables. Throws when the data was written by a newer version, or cannot be
 * written: SQLite opens a file for reading alone without a word.
 * @param fsync whether a commit waits until it is on disk
 */
export function prepareSchema(db: Sqlite.Database, fsync: boolean): void {
  const version = formatOf(db)
  db.pragma('journal_mode = WAL')
  db.pragma(`synchronous = ${fsync ? 'FULL' : 'NORMAL'}`)
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  db.pragma(`journal_size_limit = ${LOG_BYTES}`)
  db.pragma('cache_size = -16000')
  // `begin immediate` alone does not mind.
  db.exec(`begin immediate; pragma user_version = ${version}; rollback`)
  if (version === 0) {
    db.transaction(() => {
      db.exec(TABLES)
      db.pragma(`user_version = ${VERSION}`)
    }).immediate()
  }
}
