import { shiftReservations, State } from '@jobmill/core'
import type { Log } from '../log.ts'
import { sliceOf, type Store } from '../store/store.ts'

const SLICE = 500

/**
 * The wall clock was set: the ends of all reservations move along, for a job that ran ten seconds
 * has not run an hour.
 */
export async function followClock(store: Store, log: Log, byMs: number): Promise<void> {
  log.warn(
    { byMs },
    'the clock was set: ends of reservations move along; scheduled times and retries follow the new time',
  )
  // Taken at once: what is reserved from now on has the new time already.
  const held = await store.select(State.Reserved, {})
  for (let from = 0; from < held.seq.length; from += SLICE) {
    const keys = sliceOf(held, from, SLICE)
    await new Promise<void>((resolve) => {
      store.run(shiftReservations, { keys, byMs }, (_, error) => {
        if (error !== undefined)
          log.error({ err: error }, 'reservations could not follow the clock')
        resolve()
      })
    })
  }
}
