import type { Worker } from 'node:worker_threads'
import type { State } from '@jobmill/core'
import { jidsOf, type JobFilter } from '../../filter/filter.ts'
import type { FromReader, Keys, Question, Rows, ToReader } from './messages.ts'
import { startThread } from './storage.ts'

interface Asker {
  readonly resolve: (answer: Keys | Rows) => void
  readonly reject: (error: Error) => void
}

/** Looks through the data file in a thread of its own. Rejects when the file cannot be read. */
export class Lookups {
  readonly #folder: string
  readonly #waiting = new Map<number, Asker>()
  #worker: Worker | undefined
  #id = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Puts a whole set in order of seq: mass work is far cheaper along the file than along time. */
  sorted(all: Keys): Promise<Keys> {
    return this.#ask<Keys>({ do: 'sort', ...all })
  }

  /** All on disk that fit, in order of seq. @param seqs where to look when no jids are named */
  select(state: State, filter: JobFilter, seqs: Float64Array, nowMs: number): Promise<Keys> {
    const jids = filter.parts.length === 1 ? jidsOf(filter) : undefined
    return this.#ask<Keys>(
      jids !== undefined && state > 1
        ? { do: 'jids', state, jids }
        : { do: 'match', seqs, state, filter, nowMs },
    )
  }

  /** The first that fit, in the order of `seqs`. */
  scan(question: Omit<Extract<Question, { do: 'scan' }>, 'do'>): Promise<Rows> {
    return this.#ask<Rows>({ do: 'scan', ...question })
  }

  /** Jobs of a jid that are not reserved. */
  find(jid: string, budgetMs: number): Promise<Rows> {
    return this.#ask<Rows>({ do: 'find', jid, budgetMs })
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  /** The reading thread answers each kind of question with its kind of answer. */
  #ask<A extends Keys | Rows>(ask: Question): Promise<A> {
    const worker = (this.#worker ??= this.#start())
    const id = (this.#id += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as A), reject })
      const message: ToReader = { id, ask }
      worker.postMessage(message)
    })
  }

  #start(): Worker {
    const worker = startThread('reader', { folder: this.#folder })
    // An idle reader must not keep the process alive.
    worker.unref()
    worker.on('message', ({ id, answer }: FromReader) => {
      const asker = this.#waiting.get(id)
      this.#waiting.delete(id)
      if ('code' in answer) asker?.reject(new Error(`${answer.message} (${answer.code})`))
      else asker?.resolve(answer)
    })
    worker.on('error', (error) => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    return worker
  }
}
