import { ALL_JOBS } from '../filter/filter.ts'
import { shiftReservations, shiftWorkers, State } from '@jobmill/core'
import type { Log } from '../log.ts'
import { sliceOf, StoreError, type Selection, type Store } from '../store/store.ts'

const SLICE = 500
const AGAIN_MS = 250

/**
 * Somebody set the wall clock: the ends of reservations and the last-heard times of workers move
 * along, for a job that ran ten seconds has not run an hour.
 */
export class ClockFollower {
  readonly #store: Store
  readonly #log: Log
  #last: Promise<void> | undefined

  constructor(store: Store, log: Log) {
    this.#store = store
    this.#log = log
  }

  /** @param byMs the step; negative: back. @returns when all times are right again; never rejects */
  follow(byMs: number): Promise<void> {
    this.#log.warn(
      { byMs },
      'the clock was set: ends of reservations move along; scheduled times and retries follow the new time',
    )
    this.#store.run(shiftWorkers, { byMs }, () => undefined)
    // Looked for at once, as what is reserved from now on has the new time already; but after a step
    // that is still being followed.
    const work = this.#last === undefined ? this.#shift(byMs) : this.#after(this.#last, byMs)
    const done = work
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'reservations could not follow the clock')
      })
      .finally(() => {
        if (this.#last === done) this.#last = undefined
      })
    this.#last = done
    return done
  }

  async #after(last: Promise<void>, byMs: number): Promise<void> {
    await last
    await this.#shift(byMs)
  }

  async #shift(byMs: number): Promise<void> {
    const held = await this.#patiently(() =>
      this.#store.select({ state: State.Reserved }, ALL_JOBS),
    )
    for (let from = 0; from < held.seq.length; from += SLICE) {
      await this.#patiently(() => this.#slice(held, from, byMs))
    }
  }

  /** While data is loading, or the disk takes no writes, this waits as all else does. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'closed') throw error
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
  }

  #slice(held: Selection, from: number, byMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const keys = sliceOf(held, from, SLICE)
      this.#store.run(shiftReservations, { keys, byMs }, (_, error) => {
        if (error === undefined) resolve()
        else reject(error)
      })
    })
  }
}
