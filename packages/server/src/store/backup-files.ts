import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

/** A backup in its folder. */
export interface BackupFile {
  readonly path: string
  /** Epoch ms, whole seconds, as its name says. */
  readonly takenAtMs: number
}

/** Where the backups of a data folder lie unless somebody says otherwise. Absolute. */
export const backupsFolder = (dataFolder: string): string => resolve(dataFolder, 'backups')

/** `2026-11-25T09-43-20Z.db`: no colons, which some file systems do not take. */
export const nameOf = (takenAtMs: number): string =>
  `${new Date(takenAtMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z.db`

/** Epoch ms; undefined for a file that is none of ours. */
export function takenAtOf(name: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)Z\.db$/.exec(name)
  if (match === null) return undefined
  const atMs = Date.parse(`${match[1]}:${match[2]}:${match[3]}Z`)
  return Number.isNaN(atMs) || nameOf(atMs) !== name ? undefined : atMs
}

/** The backups of a folder, the latest last; none where there is no folder. */
export async function listBackups(folder: string): Promise<BackupFile[]> {
  let names: string[] = []
  try {
    names = await readdir(folder)
  } catch (error) {
    // Whoever writes the next one will say what is wrong with the place.
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ENOENT', 'ENOTDIR'].includes(code)) throw error
  }
  return names
    .flatMap((name) => {
      const takenAtMs = takenAtOf(name)
      return takenAtMs === undefined ? [] : [{ path: join(folder, name), takenAtMs }]
    })
    .sort((a, b) => a.takenAtMs - b.takenAtMs)
}

/** The same with their sizes, for people. One that goes meanwhile is left out. */
export async function describeBackups(
  folder: string,
): Promise<{ name: string; takenAtMs: number; bytes: number }[]> {
  const files = await listBackups(folder)
  const described = files.map(async ({ path, takenAtMs }) => {
    const facts = await stat(path).catch(() => undefined)
    return facts === undefined ? [] : [{ name: basename(path), takenAtMs, bytes: facts.size }]
  })
  return (await Promise.all(described)).flat()
}

/** A path that is free, for a backup that is taken now. */
export function pathForBackup(folder: string, nowMs: number): string {
  let atMs = nowMs
  while (existsSync(join(folder, nameOf(atMs)))) atMs += 1000
  return join(folder, nameOf(atMs))
}

/**
 * Removes old backups; files with other names stay, whatever they are.
 * @param made the one that was just written: stays   @param keep with that one
 * @returns how many went
 */
export async function pruneBackups(
  folder: string,
  made: string,
  keep: number,
  nowMs: number,
): Promise<number> {
  const others = (await listBackups(folder)).filter(({ path }) => path !== made)
  // One from the future was taken before the clock was set back: it is older than it says.
  const oldestFirst = [
    ...others.filter(({ takenAtMs }) => takenAtMs > nowMs),
    ...others.filter(({ takenAtMs }) => takenAtMs <= nowMs),
  ]
  const removed = oldestFirst.slice(0, Math.max(0, others.length - (keep - 1)))
  for (const { path } of removed) await rm(path, { force: true })
  return removed.length
}

/** Bytes of the latest backup, beside its time. */
export async function latestBackup(
  folder: string,
): Promise<(BackupFile & { readonly bytes: number }) | undefined> {
  const latest = (await listBackups(folder)).at(-1)
  return latest === undefined ? undefined : { ...latest, bytes: (await stat(latest.path)).size }
}
