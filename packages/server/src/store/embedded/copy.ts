import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { checkFile, type CheckReport } from './check.ts'
import { formatOf } from './schema.ts'

/** A copy of the data that cannot be made, or cannot be relied on. The message says what to do. */
export class CopyError extends Error {
  override readonly name = 'CopyError'
}

/** How much can be written to a folder; Infinity where the system does not tell. */
export type FreeBytes = (folder: string) => number

export const freeBytesOf: FreeBytes = (folder) => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Infinity
  }
}

/** Bytes of the copy, and what `check` says of it. */
export interface Copied extends CheckReport {
  readonly bytes: number
}

/** Where a copy lies until it is known to be good. */
export const partialOf = (to: string): string => `${to}.jobmill-partial`

const MIB = 1024 * 1024
/** Stays free beside the copy: the server's log grows while its data is read. */
const SPARE_BYTES = 16 * MIB

/**
 * Writes all that the data holds at one moment to `partialOf(to)`, on disk and verified; the caller
 * gives it its name. Works beside a server: one snapshot, whatever is committed meanwhile.
 * @param like whose owner and rights the copy gets
 * Throws CopyError, and leaves nothing behind then.
 */
export function copyData(from: string, to: string, like: string, freeBytes: FreeBytes): Copied {
  const partial = partialOf(to)
  try {
    removePartial(to)
    closeSync(openSync(partial, 'wx', 0o600))
    vacuumInto(from, partial, freeBytes)
    const report = verified(partial)
    takeOn(partial, like)
    syncPath(partial)
    return { ...report, bytes: statSync(partial).size }
  } catch (error) {
    removePartial(to)
    throw error instanceof CopyError ? error : unwritable(to, error)
  }
}

/** Drops what a copy that came to no end left. */
export function removePartial(to: string): void {
  const partial = partialOf(to)
  for (const file of [partial, `${partial}-journal`]) rmSync(file, { force: true })
}

/** Waits until a file, or a folder's list of files, is on disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** What root makes in a server's folder has to be usable by the server's own user. */
export function takeOn(path: string, like: string): void {
  const wanted = statSync(like)
  const user = process.getuid?.()
  if (user === 0) chownSync(path, wanted.uid, wanted.gid)
  else if (user !== statSync(path).uid) return
  if (wanted.isFile()) chmodSync(path, wanted.mode & 0o777)
}

function vacuumInto(from: string, partial: string, freeBytes: FreeBytes): void {
  let db: Sqlite.Database | undefined
  try {
    db = new Sqlite(from, { readonly: true, fileMustExist: true, timeout: 5000 })
    mustBeJobmills(db, from)
  } catch (error) {
    db?.close()
    throw unreadable(from, error)
  }
  try {
    mustHaveRoom(sizeOf(db), dirname(partial), freeBytes)
    db.prepare('vacuum into ?').run(partial)
  } catch (error) {
    throw isDamage(error) ? damagedSource(from, error) : error
  } finally {
    db.close()
  }
}

/** As large as the copy can be. */
function sizeOf(db: Sqlite.Database): number {
  const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  )
  return ((pages ?? 0) - (free ?? 0)) * (size ?? 0)
}

/** Throws CopyError where a copy of so many bytes, and what is spare beside it, has no room. */
export function mustHaveRoom(bytes: number, folder: string, freeBytes: FreeBytes): void {
  const needed = bytes + bytes / 4 + SPARE_BYTES
  const free = freeBytes(folder)
  if (free >= needed) return
  throw new CopyError(
    `not enough room: ${mib(needed)} are needed in ${folder}, ${mib(free)} are free: ` +
      'free some, or let it lie on a larger disk',
  )
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`

/** Throws for a file that is no data of ours, or that a newer version wrote. */
function mustBeJobmills(db: Sqlite.Database, file: string): void {
  const tables = db
    .prepare<[], string>("select name from sqlite_schema where type = 'table' order by name")
    .pluck()
    .all()
  if (formatOf(db) > 0 && ['job', 'record'].every((table) => tables.includes(table))) return
  throw new CopyError(`${file} is a database, but not Jobmill's: give a file of Jobmill's own`)
}

/** Problems of single jobs are told, for the rest of a copy is worth having; damage is no copy. */
function verified(partial: string): CheckReport {
  const report = checkFile(partial)
  if (!report.damaged) return report
  throw new CopyError(`the copy came out damaged: ${report.problems[0] ?? ''}. Is the disk sound?`)
}

const isDamage = (error: unknown): boolean =>
  ((error as { code?: string }).code ?? '').startsWith('SQLITE_CORRUPT')

function unreadable(file: string, error: unknown): CopyError {
  if (error instanceof CopyError) return error
  const { message, code = '' } = error as { message: string; code?: string }
  if (code === 'SQLITE_NOTADB') {
    return new CopyError(`${file} is no database: give a file that jobmill backup wrote`, {
      cause: error,
    })
  }
  if (isDamage(error)) return damagedSource(file, error)
  return new CopyError(`${file} cannot be read: ${message}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
  })
}

/** What to say when a file could not be written. */
export function unwritable(to: string, error: unknown): CopyError {
  const { message, code = '' } = error as { message: string; code?: string }
  const why: Readonly<Record<string, string>> = {
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'the file system is read-only',
    ENOENT: 'there is no such folder',
    ENOTDIR: 'a part of the path is no folder',
    EEXIST: 'it is a file, not a folder',
    ENOSPC: 'the disk is full',
    SQLITE_FULL: 'the disk is full',
  }
  return new CopyError(
    `${to} could not be written: ${why[code] ?? message} (${code || message}). ` +
      'Free space, change rights, or name another place',
    { cause: error },
  )
}

function damagedSource(file: string, error: unknown): CopyError {
  return new CopyError(
    `${file} is damaged: ${(error as Error).message}. Take the latest backup that is sound`,
    { cause: error },
  )
}
