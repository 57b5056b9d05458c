import { LIMITS } from '@jobmill/protocol'
import type { Settings } from '../config/settings.ts'
import { createLog } from '../log.ts'
import { startServer } from '../server.ts'

/** Signals that end the server, and their numbers for the exit code of a second one. */
const ENDING = { SIGINT: 2, SIGTERM: 15 } as const

/** A little less than a stop may take, so that it is us who end it, with a word. */
const STOP_MS = LIMITS.stopMs - 500

/** Runs the server until a signal ends it. Rejects when it cannot start. */
export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel)
  let stopping = false
  const signalled = new Promise<void>((resolve) => {
    for (const [signal, number] of Object.entries(ENDING)) {
      process.on(signal, () => {
        if (stopping) process.exit(128 + number)
        stopping = true
        setTimeout(() => {
          log.error('the stop took too long: exiting; nothing acknowledged is lost')
          process.exit(1)
        }, STOP_MS).unref()
        resolve()
      })
    }
  })
  process.on('SIGHUP', () => log.info('SIGHUP: there are no configuration files to read yet'))
  process.on('uncaughtException', (error) => {
    // What is committed is safe, and nobody can vouch for what is in memory.
    log.fatal({ err: error }, 'a fault of the server, please report it: exiting')
    process.exit(1)
  })
  const server = await startServer(settings, log)
  await signalled
  await server.stop()
}
