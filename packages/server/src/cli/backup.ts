import { resolve } from 'node:path'
import { backupsFolder, pathForBackup } from '../store/backup-files.ts'
import { backUp } from '../store/embedded/backup.ts'

/** `jobmill backup`. @param to undefined: among the server's own. Throws when there is no good backup */
export function backup(folder: string, to: string | undefined): void {
  const file = resolve(to ?? pathForBackup(backupsFolder(folder), Date.now()))
  const { jobs, bytes, problems, ms } = backUp(folder, file)
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  process.stdout.write(`${jobs} jobs, ${size}, written and verified in ${ms} ms: ${file}\n`)
}
