import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { backupsFolder, takenAtOf } from '../backup-files.ts'
import type { Backup } from '../store.ts'
import {
  copyData,
  CopyError,
  freeBytesOf,
  partialOf,
  removePartial,
  syncPath,
  takeOn,
  unwritable,
} from './copy.ts'
import { holdFile, isHeld } from './lock.ts'

/**
 * Writes a whole backup of a data folder, beside a server or not, and verifies it. Takes as long as
 * it takes, and the calling thread with it. The file appears under its name when it is good, never before.
 * @param to a file that is not there yet, in a folder that is
 * Throws CopyError or FolderError.
 */
export function backUp(folder: string, to: string, freeBytes = freeBytesOf): Backup {
  const startedMs = performance.now()
  const data = join(folder, 'jobmill.db')
  if (!existsSync(data)) {
    throw new CopyError(
      `there is no jobmill.db in ${folder}: give the server's data folder with -d`,
    )
  }
  // SQLite would play a log that lies beside it into the backup.
  const there = [to, `${to}-wal`, `${to}-journal`].find((file) => existsSync(file))
  if (there !== undefined) {
    throw new CopyError(
      `${there} is there already, and a backup replaces nothing: give another name`,
    )
  }
  const unlock = lockBackups(folder)
  try {
    const place = dirname(resolve(to))
    if (place === backupsFolder(folder)) prepareFolder(folder, place)
    const { bytes, jobs, problems } = copyData(data, to, data, freeBytes)
    renameSync(partialOf(to), to)
    syncPath(place)
    return { bytes, jobs, problems, ms: Math.round(performance.now() - startedMs) }
  } finally {
    unlock()
  }
}

/**
 * One backup of a folder at a time: the server's log grows while one reads, and what lies half
 * written in the folder is nobody's then.
 */
function lockBackups(folder: string): () => void {
  const file = join(folder, 'jobmill-backup.lock')
  try {
    const unlock = holdFile(file)
    takeOn(file, join(folder, 'jobmill.db'))
    return unlock
  } catch (error) {
    throw new CopyError(
      isHeld(error)
        ? `another backup of ${folder} is being written: try again when it is done`
        : `the folder ${folder} cannot be written to: ${(error as Error).message}. Change its owner or rights`,
      { cause: error },
    )
  }
}

/** Makes it, and removes what crashes left: partial files with names that a backup would have. */
function prepareFolder(folder: string, backups: string): void {
  try {
    mkdirSync(backups, { recursive: true })
    takeOn(backups, folder)
  } catch (error) {
    throw unwritable(backups, error)
  }
  for (const name of readdirSync(backups)) {
    const to = /^(.+\.db)\.jobmill-partial/.exec(name)?.[1]
    if (to !== undefined && takenAtOf(to) !== undefined) removePartial(join(backups, to))
  }
}
