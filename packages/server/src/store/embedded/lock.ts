import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { Fault } from './messages.ts'

/** Who holds a data folder, as `jobmill.pid` tells it. */
interface Holder {
  readonly pid: number
  readonly startedAt: string
  readonly addresses?: readonly string[]
}

/** A data folder that cannot be had. The message says why and what to do. */
export class FolderError extends Error {
  override readonly name = 'FolderError'
}

/**
 * Node has no file lock of its own; an open exclusive transaction on an empty SQLite file is one,
 * and the system frees it at any death. Throws SQLite's error, SQLITE_BUSY where another holds it.
 * @returns what gives it back
 */
export function holdFile(file: string): () => void {
  const lock = new Sqlite(file, { timeout: 0 })
  try {
    // On a file that it may only read SQLite would take no lock, and say nothing.
    accessSync(file, constants.W_OK)
    lock.pragma('journal_mode = MEMORY')
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw error
  }
  return () => lock.close()
}

const ANOTHER = 'stop that server first, or give this one a folder of its own with -d'

/** Step by step: Node's own recursion never ends where the system makes no folder, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) {
    // What is no folder may stand at its own place, but not on the way to another.
    if (!statSync(folder).isDirectory()) mkdirSync(folder)
    return
  }
  const above = dirname(folder)
  if (above !== folder && !isFile(above)) makeFolder(above)
  mkdirSync(folder)
}

const isFile = (path: string): boolean => existsSync(path) && !statSync(path).isDirectory()

/**
 * Takes a data folder for this process, making it where it is missing. Throws FolderError.
 * @param instead what to do when another process has it   @returns what gives it back
 */
export function lockFolder(folder: string, instead = ANOTHER): () => void {
  try {
    makeFolder(folder)
  } catch (error) {
    throw unusable(folder, error)
  }
  let unlock: () => void
  try {
    unlock = holdFile(join(folder, 'jobmill.lock'))
  } catch (error) {
    if (isHeld(error)) {
      throw new FolderError(
        `the data folder ${folder} is in use by ${holderOf(folder)}: ${instead}`,
        {
          cause: error,
        },
      )
    }
    throw unusable(folder, error)
  }
  nameHolder(folder)
  return unlock
}

/** Writes who holds the folder, for the message that a second process gives. */
export function nameHolder(folder: string, addresses?: readonly string[]): void {
  const holder: Holder = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    ...(addresses === undefined ? {} : { addresses }),
  }
  try {
    writeFileSync(join(folder, 'jobmill.pid'), `${JSON.stringify(holder)}\n`)
  } catch (error) {
    throw unusable(folder, error)
  }
}

/** Whether holdFile failed because another process holds the file. */
export const isHeld = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY')

function holderOf(folder: string): string {
  try {
    // Written by nameHolder; anything else is caught below.
    const holder = JSON.parse(readFileSync(join(folder, 'jobmill.pid'), 'utf8')) as Holder
    const by = `PID ${holder.pid}, started ${holder.startedAt}`
    if (holder.addresses === undefined) return by
    return `${by}, listening at ${holder.addresses.join(' and ')}`
  } catch {
    // The lock is what counts; the name is a courtesy.
    return 'another process'
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'it is a file, not a folder',
  SQLITE_CANTOPEN: 'this user may not write there',
  SQLITE_READONLY: 'it is read-only',
  SQLITE_FULL: 'the disk is full',
  SQLITE_NOTADB: 'jobmill.db is no database',
}

function unusable(folder: string, error: unknown): FolderError {
  const { message } = error as Error
  const code = codeOf(error)
  // SQLite's codes have more words than one: SQLITE_READONLY_DIRECTORY.
  const why = WHY[code] ?? WHY[code.split('_').slice(0, 2).join('_')] ?? message
  return new FolderError(
    `the data folder ${folder} cannot be used: ${why} (${code || message}). ` +
      'Change its owner or rights, or give another folder with -d',
    { cause: error },
  )
}

/** Why the data file of a folder could not be opened. A fault that is our own word says all. */
export function dataFault(folder: string, fault: Fault): FolderError {
  return fault.code === 'ERROR' ? new FolderError(fault.message) : unusable(folder, fault)
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? ''
