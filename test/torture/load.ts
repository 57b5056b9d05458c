import type { Random } from '../support/random.ts'
import { produce } from './producer.ts'
import type { Target } from './target.ts'
import { HeldJobs, work } from './worker.ts'

export interface LoadOptions {
  readonly random: Random
  readonly producers: number
  readonly workers: number
  /** Producers rest while the server holds more jobs than this. */
  readonly backlogMax: number
  /** Begins the names of producers, and with them the jids; new ones for each load of a ledger. */
  readonly name: string
}

/** Clients at full speed, until they are stopped. */
export interface Load {
  /** From now on no more pushes, and every job is acknowledged. */
  drain(): void
  /** Ends all clients, without a wait. */
  stop(): void
  readonly ended: Promise<unknown>
}

/** The latest `at` of a scheduled job, from its push. */
const AHEAD_MS = 4000

/** Starts producers and workers against a server that may come and go. */
export function startLoad(target: Target, options: LoadOptions): Load {
  const { random, backlogMax } = options
  const held = new HeldJobs()
  const producing = target.another()
  let draining = false
  const clients: Promise<void>[] = []
  for (let i = 0; i < options.producers; i += 1) {
    const name = `${options.name}-${i}`
    // One by one, as most clients do, and many on their way at once.
    const window = i % 2 === 0 ? 1 : 16
    const own = { random: random.fork(), window, backlogMax, name, aheadMs: AHEAD_MS }
    clients.push(produce({ target: producing, ...own }))
  }
  for (let i = 0; i < options.workers; i += 1) {
    const wid = `worker-${i}`
    clients.push(work({ target, random: random.fork(), wid, held, draining: () => draining }))
  }
  return {
    drain: () => {
      draining = true
      producing.stop()
    },
    stop: () => {
      producing.stop()
      target.stop()
    },
    ended: Promise.all(clients),
  }
}
