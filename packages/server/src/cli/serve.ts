import { hostname } from 'node:os'
import { LIMITS } from '@jobmill/protocol'
import { changesBetween } from '../config/changes.ts'
import { SettingsError, type Configuration } from '../config/settings.ts'
import { createLog, type Log } from '../log.ts'
import { startServer, type RunningServer } from '../server.ts'

/** Signals that end the server, and their numbers for the exit code of a second one. */
const ENDING = { SIGINT: 2, SIGTERM: 15 } as const

/** A little less than a stop may take, so that it is us who end it, with a word. */
const STOP_MS = LIMITS.stopMs - 500

/**
 * Runs the server until a signal ends it. Rejects when it cannot start, with a SettingsError where
 * the configuration is why. @param read looks at the configuration, at start and at each SIGHUP
 */
export async function serve(read: () => Configuration): Promise<void> {
  const configuration = read()
  if (configuration.problems.length > 0) throw new SettingsError(configuration.problems)
  const { settings } = configuration
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
  process.on('uncaughtException', (error) => {
    // What is committed is safe, and nobody can vouch for what is in memory.
    log.fatal({ err: error }, 'a fault of the server, please report it: exiting')
    process.exit(1)
  })
  // A signal that comes while the server starts is kept until it runs.
  let reload = (): void => void (askedEarly = true)
  let askedEarly = false
  process.on('SIGHUP', () => {
    if (!stopping) reload()
  })

  log.info({ files: configuration.files }, filesLine(configuration))
  const server = await startServer(settings, log)
  log.info(`clients and workers take FAKTORY_URL=${urlOf(server, settings.password !== '')}`)
  reload = reloader(configuration, read, server, log)
  if (askedEarly) reload()
  await signalled
  await server.stop()
}

/** Re-reads the configuration, and applies and tells what changed. One at a time, in order. */
function reloader(
  first: Configuration,
  read: () => Configuration,
  server: RunningServer,
  log: Log,
): () => void {
  let running = first.told
  const once = async (): Promise<void> => {
    const next = read()
    if (next.problems.length > 0) {
      for (const problem of next.problems) log.error(problem)
      log.error('SIGHUP: the configuration has problems, so all stays as it was')
      return
    }
    for (const warning of next.settings.warnings) log.warn(warning)
    const changes = changesBetween(running, next.told)
    running = changes.running
    // Whoever asked is to hear the answer, whatever the level was and will be.
    log.level = 'info'
    log.info({ files: next.files }, `SIGHUP: ${filesLine(next)}`)
    for (const change of changes.applied) log.info(`changed ${change}`)
    for (const change of changes.waiting) log.warn(`waits for a restart: ${change}`)
    if (changes.applied.length + changes.waiting.length === 0) log.info('nothing changed')
    log.level = next.settings.logLevel
    await server.apply(next.settings)
  }
  let last = Promise.resolve()
  return () => {
    last = last.then(once).catch((error: unknown) => {
      log.error({ err: error }, 'SIGHUP: the configuration could not be applied')
    })
  }
}

/** The line to paste; the password is not for a log. */
function urlOf({ addresses }: RunningServer, hasPassword: boolean): string {
  const address = addresses[0]?.replace(/^(0\.0\.0\.0|\[::\])(?=:\d+$)/, hostname())
  return `tcp://${hasPassword ? ':PASSWORD@' : ''}${address}`
}

function filesLine({ files, settings }: Configuration): string {
  return files.length === 0
    ? `there are no configuration files in ${settings.configFolder}/conf.d`
    : `read ${files.join(', ')}`
}
