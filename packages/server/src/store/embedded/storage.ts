import { Worker } from 'node:worker_threads'
import type { Seq } from '@jobmill/core'
import { dataFault } from './lock.ts'
import type { Batch, Fault, FromThread, ReadJob, ThreadData, ToThread } from './messages.ts'

/**
 * A program of this folder, for a thread or a process of its own. Node loads it itself and knows no
 * TypeScript, so tests take the built one.
 */
export function builtFile(name: 'thread' | 'reader' | 'backup-process'): URL {
  const here = import.meta.url.replace(/\/src\/(?=store\/embedded\/)/, '/dist/')
  return new URL(`./${name}.js`, here)
}

/** Node's arguments for it: none of the tests' settings for resolving imports. */
export const execArguments = (): string[] =>
  process.execArgv.filter((_, i, all) => !/conditions/.test(`${all[i - 1]} ${all[i]}`))

export function startThread(name: 'thread' | 'reader', workerData: unknown): Worker {
  return new Worker(builtFile(name), { workerData, execArgv: execArguments() })
}

/** What the engine hears while data is loaded. */
export type Loaded = Exclude<
  FromThread,
  { did: 'open' } | { did: 'commit' } | { did: 'read' } | { did: 'close' } | { did: 'fail' }
>

/** The storage thread as the engine sees it: one commit at a time, reads behind it. */
export class Storage {
  readonly #folder: string
  readonly #worker: Worker
  readonly #reads = new Map<number, (jobs: readonly ReadJob[] | undefined) => void>()
  #readId = 0
  #committed: ((fault: Fault | undefined) => void) | undefined
  #loaded: ((message: Loaded) => void) | undefined
  #opened: { resolve: () => void; reject: (error: Error) => void } | undefined
  #closed: (() => void) | undefined
  #failed: (fault: Fault) => void

  /** @param failed called when the thread can do no more */
  constructor(data: ThreadData, failed: (fault: Fault) => void) {
    this.#folder = data.folder
    this.#failed = failed
    this.#worker = startThread('thread', data)
    this.#worker.on('message', (message: FromThread) => this.#take(message))
    this.#worker.on('error', (error) => this.#fail({ code: 'THREAD', message: error.message }))
    this.#worker.on('exit', (code) => {
      if (this.#closed !== undefined) this.#closed()
      else this.#fail({ code: 'THREAD', message: `the storage thread ended with code ${code}` })
    })
  }

  /** Resolves when the file is open and its tables are right; rejects with a FolderError. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject }
    })
  }

  load(piece: (message: Loaded) => void): void {
    this.#loaded = piece
    this.#send({ do: 'load' })
  }

  /** Only when none is under way. */
  commit(batch: Batch, committed: (fault: Fault | undefined) => void): void {
    this.#committed = committed
    this.#send({ do: 'commit', batch })
  }

  get committing(): boolean {
    return this.#committed !== undefined
  }

  /** The jobs of these seqs, in order, up to the first that is missing; undefined when reading failed. */
  read(
    seqs: readonly Seq[],
    bytes: number,
    done: (jobs: readonly ReadJob[] | undefined) => void,
  ): void {
    this.#readId += 1
    this.#reads.set(this.#readId, done)
    this.#send({ do: 'read', id: this.#readId, seqs, bytes })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#closed = resolve
      this.#send({ do: 'close' })
    })
    await this.#worker.terminate()
  }

  #send(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #take(message: FromThread): void {
    switch (message.did) {
      case 'open':
        this.#opened?.resolve()
        this.#opened = undefined
        return
      case 'commit': {
        const committed = this.#committed
        this.#committed = undefined
        committed?.(message.fault)
        return
      }
      case 'read': {
        const done = this.#reads.get(message.id)
        this.#reads.delete(message.id)
        done?.(message.jobs)
        return
      }
      case 'close':
        this.#closed?.()
        return
      case 'fail':
        this.#fail(message.fault)
        return
      default:
        this.#loaded?.(message)
    }
  }

  #fail(fault: Fault): void {
    for (const done of this.#reads.values()) done(undefined)
    this.#reads.clear()
    if (this.#opened !== undefined) {
      this.#opened.reject(dataFault(this.#folder, fault))
      this.#opened = undefined
    } else {
      this.#failed(fault)
    }
  }
}
