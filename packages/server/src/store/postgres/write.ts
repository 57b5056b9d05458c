import type { Connection } from './connection.ts'
import type { Move, RecordChange, Writes } from './difference.ts'
import type { Job } from '@jobmill/core'
import type { RecordName } from './record-cache.ts'
import type { Statements } from './statements.ts'

export const isNothing = (writes: Writes): boolean =>
  !writes.flush &&
  writes.inserts.length === 0 &&
  writes.moves.length === 0 &&
  writes.drops.length === 0 &&
  writes.records.length === 0 &&
  writes.processed === 0 &&
  writes.failures === 0

/** Sends all that a group writes, a statement a kind, without waiting; the caller awaits them all. */
export function sendWrites(
  connection: Connection,
  sql: Statements,
  writes: Writes,
): Promise<unknown>[] {
  const sent: Promise<unknown>[] = []
  if (writes.inserts.length > 0) sent.push(insert(connection, sql, writes.inserts))
  if (writes.moves.length > 0) sent.push(move(connection, sql, writes.moves))
  if (writes.drops.length > 0) sent.push(connection.query(sql.drop, [writes.drops]))
  if (writes.records.length > 0) sent.push(saveRecords(connection, sql, writes.records))
  return sent
}

/** Fails, as a conflict, when a record is not as it was taken from the cache. */
export function verifyRecords(
  connection: Connection,
  sql: Statements,
  names: readonly RecordName[],
  read: ReadonlyMap<string, string>,
): Promise<unknown>[] {
  if (names.length === 0) return []
  return [
    connection.query(sql.verify, [
      names.map(({ kind }) => kind),
      names.map(({ key }) => key),
      names.map(({ kind, key }) => read.get(`${kind}\n${key}`) ?? null),
      names.length,
    ]),
  ]
}

function insert(connection: Connection, sql: Statements, jobs: readonly Job[]): Promise<unknown> {
  return connection.query(sql.insert, [
    jobs.map((job) => job.jid),
    jobs.map((job) => job.queue),
    jobs.map((job) => job.priority),
    jobs.map((job) => job.state),
    jobs.map((job) => job.at),
    jobs.map((job) => job.wid),
    jobs.map((job) => text(job.extra)),
    jobs.map((job) => job.payload),
  ])
}

function move(connection: Connection, sql: Statements, moves: readonly Move[]): Promise<unknown> {
  return connection.query(sql.move, [
    moves.map((one) => one.seq),
    moves.map((one) => one.enters),
    moves.map((one) => one.state),
    moves.map((one) => one.at),
    moves.map((one) => one.wid),
    moves.map((one) => one.extra !== undefined),
    moves.map((one) => text(one.extra ?? null)),
  ])
}

function saveRecords(
  connection: Connection,
  sql: Statements,
  records: readonly RecordChange[],
): Promise<unknown> {
  return connection.query(sql.saveRecords, [
    records.map((one) => one.kind),
    records.map((one) => one.key),
    records.map((one) => one.was),
    records.map((one) => one.value),
    records.length,
  ])
}

const text = (extra: object | null): string | null =>
  extra === null ? null : JSON.stringify(extra)
