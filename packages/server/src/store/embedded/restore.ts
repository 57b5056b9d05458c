import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import {
  copyData,
  CopyError,
  freeBytesOf,
  partialOf,
  removePartial,
  syncPath,
  takeOn,
} from './copy.ts'
import { lockFolder } from './lock.ts'

export interface Restored {
  readonly jobs: number
  /** Of single jobs, a sentence each, as `check` tells them. */
  readonly problems: readonly string[]
  /** Where what was there before lies now; undefined when there was nothing. */
  readonly replaced: string | undefined
}

/** What SQLite keeps beside a file: it must never meet another file of that name. */
const BESIDE = ['-wal', '-shm']

/**
 * Puts the data of a backup in place, and what was there into a folder of its own beside it. Killed
 * at any instant, the folder holds either the old data or the new.
 * @param nowMs names that folder
 * Throws FolderError when a server runs on the folder, CopyError when the file is of no use.
 */
export function restore(
  folder: string,
  file: string,
  nowMs: number,
  freeBytes = freeBytesOf,
): Restored {
  if (!existsSync(file)) throw new CopyError(`there is no file ${file}`)
  const unlock = lockFolder(folder, 'stop that server first, and start it again after the restore')
  try {
    const data = join(folder, 'jobmill.db')
    const there = existsSync(data)
    // A log whose data file somebody removed would be played into the new one.
    const anything = ['', ...BESIDE].some((end) => existsSync(data + end))
    if (there && isSame(file, data)) {
      throw new CopyError(`${file} is the data itself: give a backup of it`)
    }
    const { jobs, problems } = copyData(file, data, there ? data : file, freeBytes)
    const replaced = anything ? keepPresent(folder, data, nowMs) : undefined
    renameSync(partialOf(data), data)
    syncPath(folder)
    return { jobs, problems, replaced }
  } finally {
    removePartial(join(folder, 'jobmill.db'))
    unlock()
  }
}

/** By what lies on disk, not by name: a restore that was killed leaves a second name for the data. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)]
  return a.dev === b.dev && a.ino === b.ino
}

/** @returns the folder that holds it now. The data file itself stays until the new one takes its place */
function keepPresent(folder: string, data: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
  const replaced = join(folder, `replaced-${time}`)
  mkdirSync(replaced, { recursive: true })
  takeOn(replaced, folder)
  for (const end of ['', ...BESIDE]) {
    if (existsSync(data + end)) keepFile(data + end, join(replaced, `jobmill.db${end}`))
  }
  syncPath(replaced)
  if (existsSync(data) && !foldLog(data)) {
    rmSync(replaced, { recursive: true })
    throw new CopyError(
      'another process is reading the present data (a backup or a check): try again when it is done',
    )
  }
  for (const end of BESIDE) rmSync(data + end, { force: true })
  // An old log beside new data would be played into it: it has to be gone first.
  syncPath(folder)
  return replaced
}

function keepFile(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    // Not every file system has links.
    copyFileSync(from, to)
    syncPath(to)
  }
}

/**
 * Brings what the log holds into the data file, which is whole from then on without it.
 * @returns false when somebody else has the data open
 */
function foldLog(data: string): boolean {
  try {
    const db = new Sqlite(data, { timeout: 5000 })
    try {
      const [row] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
      return row?.busy !== 1
    } finally {
      db.close()
    }
  } catch {
    // Too damaged for that, which may be why it is replaced.
    return true
  }
}
