import type { Worker } from 'node:worker_threads'
import type { TimedState } from '@jobmill/core'
import type { Filter, Selection } from '../store.ts'
import type { FromReader, ToReader } from './messages.ts'
import { startThread } from './storage.ts'

/** Looks through the data file for the jobs that a filter means, in a thread of its own. */
export class Selector {
  readonly #folder: string
  readonly #waiting = new Map<
    number,
    { resolve: (found: Selection) => void; reject: (error: Error) => void }
  >()
  #worker: Worker | undefined
  #id = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Puts a whole set in order of seq: mass work is far cheaper along the file than along time. */
  sorted(all: Selection): Promise<Selection> {
    return this.#ask((id) => ({ do: 'sort', id, ...all }))
  }

  /**
   * @param all the whole set: where to look when jids do not name them
   * @returns what is on disk and fits; rejects when the file cannot be read
   */
  find(set: TimedState, filter: Filter, all: Selection): Promise<Selection> {
    const { jids, jobtype, pattern } = filter
    return this.#ask((id) =>
      jids === undefined
        ? { do: 'match', id, seqs: all.seq, jobtype, pattern }
        : { do: 'jids', id, set, jids },
    )
  }

  #ask(message: (id: number) => ToReader): Promise<Selection> {
    const worker = (this.#worker ??= this.#start())
    const id = (this.#id += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.postMessage(message(id))
    })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = startThread('reader', { folder: this.#folder })
    // An idle reader must not keep the process alive.
    worker.unref()
    worker.on('message', ({ id, seq, at, fault }: FromReader) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (fault === undefined) waiting?.resolve({ seq, at })
      else waiting?.reject(new Error(`${fault.message} (${fault.code})`))
    })
    worker.on('error', (error) => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    return worker
  }
}
