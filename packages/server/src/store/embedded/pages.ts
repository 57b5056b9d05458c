import { State, type Job, type Memory, type Seq } from '@jobmill/core'
import type { Clock } from '../../clock.ts'
import { ALL_JOBS, type JobFilter } from '../../filter/filter.ts'
import type { Found, Listing, ListQuery, Place, QueueFacts, Selection } from '../store.ts'
import type { GroupCommit } from './group-commit.ts'
import { Lookups } from './lookups.ts'
import type { StateRow } from './messages.ts'
import { readExtra } from './warmer.ts'

/** Jobs that one search may look at: their seqs are copied, and nobody reads on for ever. */
const SEARCH_MAX = 250_000

const PRIORITIES = 10

/** The reading side: memory says which jobs and in what order, the reading threads bring them. */
export class Pages {
  readonly #clock: Clock
  readonly #memory: Memory
  readonly #commits: GroupCommit
  readonly #short: Lookups
  /** For what may take seconds, so that no page waits behind it. */
  readonly #long: Lookups

  constructor(folder: string, clock: Clock, memory: Memory, commits: GroupCommit) {
    this.#clock = clock
    this.#memory = memory
    this.#commits = commits
    this.#short = new Lookups(folder)
    this.#long = new Lookups(folder)
  }

  async list(query: ListQuery): Promise<Listing> {
    await this.#written()
    const { place, limit, budgetMs, filter } = query
    // One more than the page, to know whether there is a next.
    const seqs = Float64Array.from(this.#seqs(query, filter ? SEARCH_MAX : limit + 1))
    const { rows, searched, last } = await this.#short.scan({
      seqs,
      state: place.state,
      filter: filter ?? ALL_JOBS,
      nowMs: this.#clock.now(),
      limit,
      budgetMs,
    })
    const more = searched < seqs.length || seqs.length === SEARCH_MAX
    return { jobs: rows.map(toJob), next: more ? last : undefined, searched }
  }

  async find(jid: string, budgetMs: number): Promise<Found> {
    await this.#written()
    const { rows, complete } = await this.#short.find(jid, budgetMs)
    const reserved = this.#memory.reservedOf(jid)
    return { jobs: [...reserved, ...rows.map(toJob)], complete }
  }

  async select(place: Place, filter: JobFilter): Promise<Selection> {
    const all = this.#keys(place)
    if (filter.parts.length === 0) return this.#long.sorted(all)
    // What is found is looked for on disk, so what is in memory alone has to be there first.
    await new Promise<void>((resolve, reject) => {
      this.#commits.wait((error) => (error === undefined ? resolve() : reject(error)))
    })
    return this.#long.select(place.state, filter, all.seq, this.#clock.now())
  }

  async queues(): Promise<QueueFacts[]> {
    const names = [...this.#memory.records('queue')]
      .filter(([, { known, paused }]) => known || paused)
      .map(([name]) => name)
      .sort()
    const oldest = await this.oldest(names)
    return names.map((name, i) => {
      const record = this.#memory.record('queue', name)
      const byPriority = new Array<number>(PRIORITIES).fill(0)
      for (const lane of this.#memory.lanes(name)) byPriority[lane.priority] = lane.length
      return {
        name,
        known: record?.known ?? false,
        paused: record?.paused ?? false,
        size: this.#memory.queueSize(name),
        byPriority,
        oldestAtMs: oldest[i],
      }
    })
  }

  /** When the longest waiting job of each queue was enqueued, epoch ms; undefined: none waits. */
  async oldest(queues: readonly string[]): Promise<(number | undefined)[]> {
    const heads = queues.map((queue) => this.#memory.lanes(queue))
    const cold = new Map<Seq, number>()
    for (const lane of heads.flat()) {
      const job = lane.first() ?? this.#commits.dirty(lane.firstSeq())
      if (job === undefined) cold.set(lane.firstSeq(), Infinity)
      else cold.set(lane.firstSeq(), job.at)
    }
    const seqs = Float64Array.from(
      [...cold].filter(([, at]) => at === Infinity).map(([seq]) => seq),
    )
    if (seqs.length > 0) {
      const { rows } = await this.#short.scan({
        seqs,
        state: State.Queued,
        filter: ALL_JOBS,
        nowMs: 0,
        limit: seqs.length,
        budgetMs: Infinity,
      })
      for (const { seq, at } of rows) cold.set(seq, at)
    }
    return heads.map((lanes) => {
      const at = Math.min(...lanes.map((lane) => cold.get(lane.firstSeq()) ?? Infinity))
      return at === Infinity ? undefined : at
    })
  }

  async close(): Promise<void> {
    await this.#short.close()
    await this.#long.close()
  }

  #seqs({ place, after, reversed }: ListQuery, limit: number): readonly Seq[] {
    return place.state === State.Queued
      ? this.#memory.waitingAfter(place.queue, after, limit, reversed)
      : this.#memory.timedAfter(place.state, after, limit, reversed)
  }

  /** All keys of a place, in no order that matters. */
  #keys(place: Place): Selection {
    switch (place.state) {
      case State.Queued: {
        const seq: Seq[] = []
        const key: number[] = []
        for (const lane of this.#memory.lanes(place.queue)) {
          for (const each of lane.seqs()) {
            seq.push(each)
            key.push(lane.priority)
          }
        }
        return { seq: Float64Array.from(seq), key: Float64Array.from(key) }
      }
      case State.Reserved: {
        const jobs = [...this.#memory.reservations()]
        return {
          seq: Float64Array.from(jobs, (job) => job.seq),
          key: Float64Array.from(jobs, (job) => job.at),
        }
      }
      default: {
        const { seq, at } = this.#memory.timed(place.state)
        return { seq, key: at }
      }
    }
  }

  /** What was answered is on disk; with a disk that takes no writes, pages show what was there. */
  #written(): Promise<void> {
    return new Promise((resolve) => this.#commits.wait(() => resolve()))
  }
}

function toJob(row: StateRow): Job {
  const { seq, queue, priority, state, at, jid, wid, payload } = row
  return { seq, queue, priority, state, at, jid, wid, payload, extra: readExtra(row) }
}
