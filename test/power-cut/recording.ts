import { mkdtempSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Random } from '../support/random.ts'
import { startServer } from '../support/server.ts'
import type { Ledger } from '../torture/ledger.ts'
import { startLoad } from '../torture/load.ts'
import { freePort } from '../torture/port.ts'
import { Target } from '../torture/target.ts'
import { readLog, type Event } from './log.ts'
import { readFolder, writeFolder, type Files } from './replay.ts'

export interface RecordingOptions {
  /** Folder for all files of the test. */
  readonly scratch: string
  readonly library: string
  readonly durability: 'full' | 'strict' | 'relaxed'
  /** What is in the data folder at the start. */
  readonly base: Files
  readonly ledger: Ledger
  readonly random: Random
  /** Begins all jids of this recording. */
  readonly name: string
  /** How long clients are at work. */
  readonly forMs: number
  /** A clean stop, or a kill. */
  readonly end: 'stop' | 'kill'
}

export interface Recording {
  readonly base: Files
  readonly events: readonly Event[]
  /** The data folder after the server's end. */
  readonly after: Files
}

/** Runs the server under the recorder with clients at full speed. */
export async function record(options: RecordingOptions): Promise<Recording> {
  const { ledger, random } = options
  const folder = realpathSync(mkdtempSync(join(options.scratch, 'recording-')))
  const dir = join(folder, 'data')
  const log = join(folder, 'log')
  writeFolder(dir, options.base)
  const port = await freePort(random)
  ledger.beginLife()
  const server = await startServer({
    dir,
    web: false,
    args: ['-b', `127.0.0.1:${port}`, '--durability', options.durability],
    env: {
      LD_PRELOAD: options.library,
      JOBMILL_RECORD_FOLDER: dir,
      JOBMILL_RECORD_LOG: log,
    },
  })
  try {
    const load = startLoad(new Target(port, ledger, log), {
      random: random.fork(),
      producers: 4,
      workers: 5,
      backlogMax: 800,
      name: options.name,
    })
    await new Promise((resolve) => setTimeout(resolve, options.forMs))
    if (options.end === 'kill') await server.kill('SIGKILL')
    load.stop()
    await load.ended
    await server.stop()
  } finally {
    await server.kill('SIGKILL')
  }
  return { base: options.base, events: readLog(log), after: readFolder(dir) }
}
