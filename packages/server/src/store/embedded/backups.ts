import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Backup } from '../store.ts'
import { removePartial } from './copy.ts'
import type { FromBackup } from './messages.ts'
import { builtFile, execArguments } from './storage.ts'

/** Writes backups in a process of their own, one at a time. */
export class Backups {
  readonly #folder: string
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #stopped = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Rejects when there is no good backup at `to` afterwards; the message says what to do. */
  async write(to: string): Promise<Backup> {
    if (this.#stopped) throw new Error('the server is stopping')
    const child = fork(fileURLToPath(builtFile('backup-process')), [this.#folder, to], {
      execArgv: execArguments(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = child
    let answer: FromBackup | undefined
    const ended = new Promise<string>((resolve) => {
      child.on('message', (message: FromBackup) => (answer = message))
      child.once('error', (error) => resolve(error.message))
      // Not `exit`, which may come before the last message.
      child.once('close', (code, signal) => resolve(signal ?? `code ${code}`))
    })
    this.#ended = ended
    const how = await ended
    this.#child = undefined
    if (answer?.did === 'backup') return answer.backup
    if (answer !== undefined) throw new Error(answer.message)
    removePartial(to)
    throw new Error(
      this.#stopped
        ? 'the server is stopping'
        : `the process that writes the backup ended with ${how}: is there enough memory for another process?`,
    )
  }

  /** Gives up the one that is being written. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#child?.kill('SIGKILL')
    await this.#ended
  }
}
