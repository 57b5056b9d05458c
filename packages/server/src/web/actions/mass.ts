import { mutate, recover, State, withdraw } from '@jobmill/core'
import { randomUUID } from 'node:crypto'
import type { JobFilter } from '../../filter/filter.ts'
import {
  sliceOf,
  waitingSliceOf,
  type Place,
  type Selection,
  type Store,
  type StoreError,
} from '../../store/store.ts'

export type Doing = 'retry' | 'kill' | 'delete' | 'recover'

/** Jobs a commit: others get their turn between two. */
const SLICE = 250
/** Actions that are remembered, the newest. */
const KEPT = 100

export interface MassAction {
  readonly id: string
  readonly doing: Doing
  readonly place: Place
  /** As text, for people. */
  readonly q: string
  readonly by: string
  readonly startedAtMs: number
  total: number
  done: number
  /** Jobs that had left the place. */
  moved: number
  state: 'running' | 'done' | 'stopped' | 'failed'
  failure: string
}

export interface MassRequest {
  readonly doing: Doing
  readonly place: Place
  readonly filter: JobFilter
  readonly q: string
  readonly by: string
  readonly nowMs: number
  /** Jobs with a larger seq came later than the page: they are left alone. */
  readonly upTo: number
}

/** What can be done to the jobs of a place. */
export function canDo(place: Place, doing: Doing): boolean {
  switch (place.state) {
    case State.Queued:
      return doing === 'kill' || doing === 'delete'
    case State.Reserved:
      return doing === 'recover'
    case State.Dead:
      return doing === 'retry' || doing === 'delete'
    default:
      return doing !== 'recover'
  }
}

/** Carries out what an operator asks of many jobs, slice by slice, beside all other work. */
export class MassActions {
  readonly #store: Store
  readonly #all = new Map<string, MassAction>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The newest first. */
  list(): MassAction[] {
    return [...this.#all.values()].reverse()
  }

  get(id: string): MassAction | undefined {
    return this.#all.get(id)
  }

  stop(id: string): void {
    const action = this.#all.get(id)
    if (action?.state === 'running') action.state = 'stopped'
  }

  /** Begins one. @returns it, and a promise of its end, which never rejects */
  start(request: MassRequest): { action: MassAction; ended: Promise<void> } {
    const action: MassAction = {
      id: randomUUID(),
      doing: request.doing,
      place: request.place,
      q: request.q,
      by: request.by,
      startedAtMs: request.nowMs,
      total: 0,
      done: 0,
      moved: 0,
      state: 'running',
      failure: '',
    }
    this.#all.set(action.id, action)
    for (const id of this.#all.keys()) {
      if (this.#all.size <= KEPT) break
      if (this.#all.get(id)?.state !== 'running') this.#all.delete(id)
    }
    const ended = this.#run(action, request).catch((error: unknown) => {
      action.state = 'failed'
      action.failure = (error as Error).message
    })
    return { action, ended }
  }

  async #run(action: MassAction, { filter, upTo }: MassRequest): Promise<void> {
    const selection = bounded(await this.#store.select(action.place, filter), upTo)
    action.total = selection.seq.length
    for (let from = 0; from < action.total; from += SLICE) {
      if (isStopped(action)) return
      const size = Math.min(SLICE, action.total - from)
      const changed = await this.#slice(action, selection, from)
      action.done += changed
      action.moved += size - changed
    }
    if (!isStopped(action)) action.state = 'done'
  }

  #slice({ doing, place }: MassAction, selection: Selection, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (count: number, error?: StoreError): void => {
        if (error === undefined) resolve(count)
        else reject(error)
      }
      switch (place.state) {
        case State.Queued: {
          const keys = waitingSliceOf(selection, place.queue, from, SLICE)
          this.#store.run(withdraw, { cmd: doing === 'kill' ? 'kill' : 'discard', keys }, done)
          return
        }
        case State.Reserved:
          this.#store.run(recover, { keys: sliceOf(selection, from, SLICE) }, done)
          return
        default: {
          const keys = sliceOf(selection, from, SLICE)
          this.#store.run(mutate, { cmd: COMMANDS[doing], set: place.state, keys }, done)
        }
      }
    })
  }
}

const COMMANDS = { retry: 'requeue', kill: 'kill', delete: 'discard', recover: 'requeue' } as const

/** Asked anew each time: somebody may stop it between two slices. */
const isStopped = ({ state }: MassAction): boolean => state === 'stopped'

function bounded({ seq, key }: Selection, upTo: number): Selection {
  // In order of seq, so what is later lies at the end.
  const end = seq.findIndex((one) => one > upTo)
  return end < 0 ? { seq, key } : { seq: seq.subarray(0, end), key: key.subarray(0, end) }
}
