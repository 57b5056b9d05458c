import { setPriority } from 'node:os'
import { backUp } from './backup.ts'
import type { FromBackup } from './messages.ts'

// The backup's own process: can be ended at any instant, which a thread inside SQLite cannot, and
// leaves the processor to the server.

const [folder = '', to = ''] = process.argv.slice(2)

function answer(): FromBackup {
  try {
    setPriority(19)
  } catch {
    // It is a courtesy.
  }
  try {
    return { did: 'backup', backup: backUp(folder, to) }
  } catch (error) {
    return { did: 'fail', message: (error as Error).message }
  }
}

process.send?.(answer(), () => process.disconnect())
