// A stand-alone program for recorder.test.ts: commits rows to an SQLite file in a thread, as the
// server's store does, and prints for each commit how long the recorder's log was after it.
//   node writer.mjs FOLDER SYNCHRONOUS SEED
import { statSync, writeFileSync, renameSync, openSync, closeSync, writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const log = process.env['JOBMILL_RECORD_LOG']

if (isMainThread) {
  const [folder, synchronous, seed] = process.argv.slice(2)
  // Names and appends, as of a pid file.
  writeFileSync(`${folder}/pid.new`, String(process.pid))
  renameSync(`${folder}/pid.new`, `${folder}/pid`)
  const note = openSync(`${folder}/note`, 'a')
  for (let i = 0; i < 5; i += 1) writeSync(note, `line ${i}\n`)
  closeSync(note)
  const worker = new Worker(new URL(import.meta.url), { workerData: { folder, synchronous, seed } })
  worker.on('message', (commits) => process.stdout.write(JSON.stringify(commits)))
} else {
  const { folder, synchronous, seed } = workerData
  const database = new Database(`${folder}/jobmill.db`)
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${synchronous}`)
  database.pragma('wal_autocheckpoint = 100')
  database.exec('create table if not exists job(id integer primary key, payload text not null)')
  const insert = database.prepare('insert into job(payload) values (?)')
  const drop = database.prepare('delete from job where id % 3 = 0 and id between ? and ?')
  const commits = []
  let state = Number(seed)
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  let last = 0
  for (let i = 0; i < 300; i += 1) {
    const from = last
    database.transaction(() => {
      const count = 1 + Math.floor(random() * 20)
      for (let n = 0; n < count; n += 1) {
        last = Number(insert.run('x'.repeat(10 + random() * 3000)).lastInsertRowid)
      }
      if (i % 10 === 9) drop.run(from - 100, from)
    })()
    commits.push({ last, logBytes: statSync(log).size })
  }
  parentPort.postMessage(commits)
  // Left open on purpose: SQLite's clean-up at a close is not what a crash sees.
}
