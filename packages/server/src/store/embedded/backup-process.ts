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

// A Ctrl-C reaches every process of a terminal; the server ends this one itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
process.send?.(answer(), () => {
  if (process.connected) process.disconnect()
})
