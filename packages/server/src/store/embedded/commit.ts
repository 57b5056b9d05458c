import type Sqlite from 'better-sqlite3'
import { COLUMNS, type Batch, type Row } from './messages.ts'

/** @returns a function that writes one batch in one transaction; it throws what SQLite throws */
export function committer(db: Sqlite.Database): (batch: Batch) => void {
  const insert = db.prepare(`insert into job values(${new Array(COLUMNS).fill('?').join(',')})`)
  const drop = db.prepare('delete from job where seq in (select value from json_each(?))')
  const from = `from json_each(?) j where job.seq = j.value ->> 0`
  const place = `seq = j.value ->> 1, state = j.value ->> 2, at = j.value ->> 3, wid = j.value ->> 4`
  const move = db.prepare(`update job set ${place} ${from}`)
  const moveAndExtra = db.prepare(`update job set ${place}, extra = j.value ->> 5 ${from}`)
  const put = db.prepare(
    'insert into record values(?,?,?) on conflict do update set value = excluded.value',
  )
  const del = db.prepare('delete from record where kind = ? and key = ?')
  const flushJobs = db.prepare('delete from job')
  const flushRecords = db.prepare('delete from record')

  return db.transaction((batch: Batch) => {
    if (batch.flush) {
      flushJobs.run()
      flushRecords.run()
    }
    if (batch.drops !== undefined) drop.run(batch.drops)
    if (batch.moves !== undefined) move.run(batch.moves)
    if (batch.moveAndExtras !== undefined) moveAndExtra.run(batch.moveAndExtras)
    const { inserts, records } = batch
    const row: Row = new Array<null>(COLUMNS).fill(null)
    for (let i = 0; i < inserts.length; i += COLUMNS) {
      for (let c = 0; c < COLUMNS; c += 1) row[c] = inserts[i + c] ?? null
      insert.run(row)
    }
    for (let i = 0; i < records.length; i += 3) {
      const [kind, key, value] = [records[i], records[i + 1], records[i + 2]]
      if (value === null) del.run(kind, key)
      else put.run(kind, key, value)
    }
  }).immediate
}
