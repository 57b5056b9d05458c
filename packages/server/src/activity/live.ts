import { Tally } from './tally.ts'
import type { Moment } from './timeline.ts'
import { Totals } from './totals.ts'

/** Stands for all names past the limit; no queue can be called that. */
export const OTHERS = '(others)'

/** Jobs of one jobtype in one queue: what happened to them in this minute, and since the start. */
export class Pair {
  readonly queue: string
  /** '' for what is known by queue alone. */
  readonly jobtype: string
  readonly minute = new Tally()
  readonly totals = new Totals()
  idleMinutes = 0

  constructor(queue: string, jobtype: string) {
    this.queue = queue
    this.jobtype = jobtype
  }
}

export interface LiveLimits {
  /** Of queues, and of jobtypes. */
  readonly names: number
  readonly pairs: number
}

const LIMITS: LiveLimits = { names: 1_000, pairs: 2_000 }
/** Names that were not heard for so long make room for others. */
const IDLE_MINUTES = 60

/** The minute that is running, by queue and jobtype: made to be cheap to count in. */
export class Live {
  readonly #limits: LiveLimits
  readonly #queues = new Map<string, Map<string, Pair>>()
  readonly #jobtypes = new Set<string>()
  #size = 0

  constructor(limits: LiveLimits = LIMITS) {
    this.#limits = limits
  }

  /** Where to count. The names may be parts of a larger text: they are copied when they are new. */
  pair(queue: string, jobtype: string): Pair {
    return this.#queues.get(queue)?.get(jobtype) ?? this.#enter(queue, jobtype)
  }

  *pairs(): Generator<Pair> {
    for (const pairs of this.#queues.values()) yield* pairs.values()
  }

  /** What happened in the minute so far. */
  moment(): Moment {
    const all = new Tally()
    const queues = new Map<string, Tally>()
    const jobtypes = new Map<string, Tally>()
    for (const { queue, jobtype, minute } of this.pairs()) {
      if (minute.isEmpty) continue
      all.add(minute)
      tallyOf(queues, queue).add(minute)
      if (jobtype !== '') tallyOf(jobtypes, jobtype).add(minute)
    }
    return { all, queues, jobtypes }
  }

  /** The next minute begins. */
  clear(): void {
    for (const pair of this.pairs()) {
      pair.idleMinutes = pair.minute.isEmpty ? pair.idleMinutes + 1 : 0
      pair.minute.clear()
    }
    this.#makeRoom()
  }

  forget(): void {
    this.#queues.clear()
    this.#jobtypes.clear()
    this.#size = 0
  }

  #enter(queue: string, jobtype: string): Pair {
    const { names, pairs } = this.#limits
    const hasRoom = this.#queues.has(queue) || this.#queues.size < names
    const queueName = hasRoom ? copied(queue) : OTHERS
    const isKnown = jobtype === '' || this.#jobtypes.has(jobtype)
    const mayEnter = (isKnown || this.#jobtypes.size < names) && this.#size < pairs
    const jobtypeName = mayEnter ? copied(jobtype) : OTHERS
    const inQueue = this.#queues.get(queueName) ?? new Map<string, Pair>()
    this.#queues.set(queueName, inQueue)
    const known = inQueue.get(jobtypeName)
    if (known !== undefined) return known
    const pair = new Pair(queueName, jobtypeName)
    inQueue.set(jobtypeName, pair)
    if (jobtypeName !== '' && jobtypeName !== OTHERS) this.#jobtypes.add(jobtypeName)
    this.#size += 1
    return pair
  }

  /** When it gets tight, what is idle goes: counters of `/metrics` begin anew then, as they may. */
  #makeRoom(): void {
    const { names, pairs } = this.#limits
    const isTight = (size: number, limit: number): boolean => size > 0.8 * limit
    if (
      !isTight(this.#size, pairs) &&
      !isTight(this.#queues.size, names) &&
      !isTight(this.#jobtypes.size, names)
    ) {
      return
    }
    this.#jobtypes.clear()
    for (const [queue, inQueue] of this.#queues) {
      for (const [jobtype, { idleMinutes }] of inQueue) {
        if (idleMinutes >= IDLE_MINUTES) {
          inQueue.delete(jobtype)
          this.#size -= 1
        } else if (jobtype !== '' && jobtype !== OTHERS) this.#jobtypes.add(jobtype)
      }
      if (inQueue.size === 0) this.#queues.delete(queue)
    }
  }
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  let tally = tallies.get(name)
  if (tally === undefined) tallies.set(name, (tally = new Tally()))
  return tally
}

/** A part of a payload would keep all of it in memory. */
const copied = (text: string): string => Buffer.from(text, 'utf8').toString('utf8')
