import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Activity } from '../activity/activity.ts'
import { Keeper } from '../activity/keeper.ts'
import { SystemClock } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import { createLog } from '../log.ts'
import { Report } from '../report.ts'
import { openWeb, webSettings } from '../server.ts'
import { checkFile } from '../store/embedded/check.ts'
import { CopyError, freeBytesOf, mustHaveRoom } from '../store/embedded/copy.ts'
import { openEmbedded } from '../store/embedded/engine.ts'
import { holdFile, isHeld } from '../store/embedded/lock.ts'
import type { Store } from '../store/store.ts'
import { Scheduler } from '../tasks/scheduler.ts'
import { VERSION } from '../version.ts'
import { webApp } from '../web/app.tsx'
import { LANGUAGES } from '../web/text/languages.ts'

/**
 * `jobmill inspect`: shows a data file in the pages until a signal comes. The file is only read: what
 * is opened is a copy in a folder of its own, which is removed at the end. Rejects where that cannot be.
 */
export async function inspect(given: string, settings: Settings): Promise<void> {
  const file = resolve(given)
  mustBeAtRest(file)
  const ended = signalled()
  const folder = mkdtempSync(join(tmpdir(), 'jobmill-inspect-'))
  try {
    copyInto(folder, file)
    await show(folder, file, settings, ended)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A file that a server writes to would change while it is copied. */
function mustBeAtRest(file: string): void {
  if (!existsSync(file)) throw new CopyError(`there is no file ${file}`)
  if (statSync(file).isDirectory()) {
    throw new CopyError(`${file} is a folder: give a file, such as ${join(file, 'jobmill.db')}`)
  }
  const folder = dirname(file)
  const lock = join(folder, 'jobmill.lock')
  if (basename(file) !== 'jobmill.db' || !existsSync(lock)) return
  try {
    holdFile(lock)()
  } catch (error) {
    // Whoever may not write there learns nothing of the lock, and no server of theirs runs there.
    if (!isHeld(error)) return
    throw new CopyError(
      `a server runs on ${file}: jobmill backup -d ${folder} --to copy.db, then jobmill inspect copy.db`,
      { cause: error },
    )
  }
}

/** The file, and the log that belongs to it where somebody copied both. */
function copyInto(folder: string, file: string): void {
  const parts = ['', '-wal'].filter((end) => existsSync(file + end))
  const bytes = parts.reduce((sum, end) => sum + statSync(file + end).size, 0)
  mustHaveRoom(bytes, folder, freeBytesOf)
  const copy = join(folder, 'jobmill.db')
  for (const end of parts) copyFileSync(file + end, copy + end, constants.COPYFILE_FICLONE)
  const { jobs, problems } = checked(copy, file)
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  const size = `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  process.stdout.write(`${jobs} jobs, ${size}: ${file} was copied, and stays as it is\n`)
}

function checked(copy: string, file: string) {
  try {
    return checkFile(copy)
  } catch (error) {
    throw new CopyError(
      `${file} is no data of Jobmill's: ${(error as Error).message}. Give a jobmill.db or a backup`,
      { cause: error },
    )
  }
}

/** Store and pages alone: no port for clients, no timed task. */
async function show(
  folder: string,
  file: string,
  settings: Settings,
  ended: Promise<void>,
): Promise<void> {
  const clock = new SystemClock()
  const log = createLog('warn')
  const { memoryBytes } = settings
  const store = openEmbedded({ folder, durability: 'relaxed', memoryBytes, clock, log })
  const activity = new Activity(clock.now(), { hearsAll: false })
  const report = new Report({
    store,
    clock,
    version: VERSION,
    // Never started, so nothing is handled.
    tasks: new Scheduler(store, clock, log, activity).counts,
    reaped: () => 0,
    connections: () => 0,
    commands: () => 0,
  })
  const shown = {
    ...webSettings(settings),
    readonly: true,
    url: '',
    title: settings.webTitle || basename(file),
    environment: 'copy',
  }
  const app = webApp({
    store,
    clock,
    log,
    activity,
    keepMarks: () => Promise.resolve(),
    version: VERSION,
    languages: LANGUAGES,
    settings: () => shown,
    server: {
      health: () => store.health(),
      stopping: () => false,
      info: () => report.info(),
      facts: () => report.server(),
      addresses: () => [file],
      // Whoever held a job when the copy was made may hold it still.
      isLost: () => false,
      backups: {
        list: () => Promise.resolve([]),
        isRunning: () => false,
        lastError: () => undefined,
        begin: () => false,
      },
    },
  })
  await opened(store)
  await new Keeper(store, clock, log, activity).load()
  const web = await openWeb(app, settings.webBindings, log)
  try {
    const [address] = web.addresses
    if (address === undefined)
      throw new Error('there is no address to show it at: give one with -w')
    process.stdout.write(
      `http://${address} shows it, read only. Nothing runs: what is due stays where it is. ` +
        'Ctrl-C ends it and removes the copy\n',
    )
    await ended
  } finally {
    web.close()
    await store.close()
  }
}

/** Resolves when all jobs are there. */
function opened(store: Store): Promise<void> {
  return new Promise((resolve, reject) => {
    store.onHealth(({ state }) => {
      if (state !== 'loading') resolve()
    })
    store.open().catch(reject)
  })
}

/** From now on a signal ends nothing at once: the copy is to be removed first. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
