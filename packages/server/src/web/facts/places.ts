import { State, type Position, type TimedState } from '@jobmill/core'
import type { Place, Stats } from '../../store/store.ts'

/** What the API calls a state. */
export const STATE_NAMES: Readonly<Record<State, string>> = {
  [State.Queued]: 'waiting',
  [State.Reserved]: 'running',
  [State.Scheduled]: 'scheduled',
  [State.Retry]: 'retries',
  [State.Dead]: 'dead',
}

/** The page of a state's list. Faktory's name for the dead stays. */
export const PATHS: Readonly<Record<TimedState | typeof State.Reserved, string>> = {
  [State.Reserved]: '/busy',
  [State.Scheduled]: '/scheduled',
  [State.Retry]: '/retries',
  [State.Dead]: '/morgue',
}

/** How many jobs a place holds. */
export function sizeOf(place: Place, stats: Stats): number {
  switch (place.state) {
    case State.Queued:
      return stats.queues.get(place.queue) ?? 0
    case State.Reserved:
      return stats.working
    case State.Scheduled:
      return stats.scheduled
    case State.Retry:
      return stats.retries
    case State.Dead:
      return stats.dead
  }
}

/** A position as one word of a URL. */
export function writeCursor({ key, seq }: Position): string {
  return Buffer.from(JSON.stringify([key, seq])).toString('base64url')
}

/** @returns undefined when it is none */
export function readCursor(text: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length !== 2) return undefined
    const [key, seq] = value as unknown[]
    if (!Number.isFinite(key) || !Number.isFinite(seq)) return undefined
    return { key: Number(key), seq: Number(seq) }
  } catch {
    return undefined
  }
}

/** A place by its name, as in STATE_NAMES. @returns undefined when there is none */
export function placeOf(name: string, queue: string): Place | undefined {
  switch (name) {
    case 'waiting':
      return queue === '' ? undefined : { state: State.Queued, queue }
    case 'running':
      return { state: State.Reserved }
    case 'scheduled':
      return { state: State.Scheduled }
    case 'retries':
      return { state: State.Retry }
    case 'dead':
      return { state: State.Dead }
    default:
      return undefined
  }
}
