import { basename, join, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { backupsFolder, latestBackup, takenAtOf } from '../store/backup-files.ts'
import { restore } from '../store/embedded/restore.ts'

/** `jobmill restore`: does it and tells what that means. Rejects when nothing was changed. */
export async function restoreFrom(folder: string, given: string): Promise<void> {
  const file = resolve(given)
  if (!existsSync(file)) {
    const latest = await latestBackup(backupsFolder(folder))
    const hint = latest === undefined ? '' : `; the latest backup is ${latest.path}`
    throw new Error(`there is no file ${file}${hint}`)
  }
  const { jobs, problems, replaced } = restore(folder, file, Date.now())
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  process.stdout.write(`${told(folder, file, jobs, replaced)}\n`)
}

function told(folder: string, file: string, jobs: number, replaced: string | undefined): string {
  const takenAtMs = takenAtOf(basename(file))
  const taken = takenAtMs === undefined ? '' : `, taken ${new Date(takenAtMs).toISOString()}`
  const before =
    replaced === undefined
      ? 'There was no data before.'
      : `What was there is kept in ${replaced}; to undo this, ` +
        `jobmill restore ${join(replaced, 'jobmill.db')} -d ${folder}.`
  return (
    `Restored ${jobs} jobs from ${file}${taken}, to ${folder}. ${before} ` +
    'Jobs that were pushed since the backup are not in it; those that were finished since will run again ' +
    '(at least once). Start the server now.'
  )
}
