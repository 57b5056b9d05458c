import { performance } from 'node:perf_hooks'
import {
  Memory,
  State,
  type Change,
  type Kind,
  type Position,
  type Records,
  type Rule,
} from '@jobmill/core'
import type { Clock } from '../../clock.ts'
import type { JobFilter } from '../../filter/filter.ts'
import type { Log } from '../../log.ts'
import {
  StoreError,
  type Backup,
  type Done,
  type Found,
  type Listing,
  type ListQuery,
  type Place,
  type QueueFacts,
  type Selection,
  type Stats,
  type Store,
  type StoreHealth,
} from '../store.ts'
import { Backups } from './backups.ts'
import { GroupCommit } from './group-commit.ts'
import { Loader } from './loader.ts'
import { lockFolder } from './lock.ts'
import { Pages } from './pages.ts'
import type { Durability } from './messages.ts'
import { Storage } from './storage.ts'
import { Warmer } from './warmer.ts'

export interface EmbeddedOptions {
  readonly folder: string
  readonly durability: Durability
  /** What whole waiting jobs may take in memory; past it they are read back from disk. */
  readonly memoryBytes: number
  readonly clock: Clock
  readonly log: Log
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

/**
 * The embedded engine: all live state in memory, decided there; the rows that differ from disk go to
 * the storage thread in groups.
 *
 *     loading ──▶ ready ◀──▶ unwritable        (a commit failed; mends itself)
 *        └──────────┴───────────┴─────▶ closed
 */
class EmbeddedStore implements Store {
  readonly #options: EmbeddedOptions
  readonly #memory: Memory
  readonly #commits: GroupCommit
  readonly #storage: Storage
  readonly #pages: Pages
  readonly #backups: Backups
  readonly #unlock: () => void
  readonly #random: () => number
  #health: StoreHealth = { state: 'loading', percent: 0 }
  #wakeQueued: (queues: readonly string[]) => void = () => undefined
  #wakeTimed: (atMs: number) => void = () => undefined
  #healthChanged: (health: StoreHealth) => void = () => undefined

  constructor(options: EmbeddedOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#unlock = lockFolder(options.folder)
    this.#storage = new Storage(
      { folder: options.folder, durability: options.durability },
      ({ code, message }) => this.#broken(`${message} (${code})`),
    )
    this.#commits = new GroupCommit(this.#storage, {
      failed: (reason) => this.#set({ state: 'unwritable', reason }),
      mended: () => this.#mended(),
      totals: () => ({
        lastSeq: this.#memory.lastSeq,
        processed: this.#memory.total('processed'),
        failures: this.#memory.total('failures'),
      }),
    })
    const warmer = new Warmer(this.#storage, this.#commits, (lane, jobs) => {
      this.#memory.warmed(lane, jobs)
      if (jobs.length > 0) this.#wakeQueued([lane.queue])
    })
    const journal = this.#commits.journal({
      timed: (atMs) => this.#wakeTimed(atMs),
      wanted: (lane) => warmer.want(lane, this.#memory.warmLimit()),
    })
    this.#memory = new Memory(journal, options.memoryBytes)
    this.#pages = new Pages(options.folder, options.clock, this.#memory, this.#commits)
    this.#backups = new Backups(options.folder)
  }

  async open(): Promise<void> {
    try {
      await this.#storage.open()
    } catch (error) {
      this.#unlock()
      throw error
    }
    const loader = new Loader(this.#memory, this.#options.log)
    const startedMs = performance.now()
    this.#storage.load((message) => {
      if (message.did === 'lanes') this.#set({ state: 'loading', percent: message.percent })
      if (!loader.take(message)) return
      this.#options.log.info(
        { ...loader.counts, ms: Math.round(performance.now() - startedMs) },
        'data loaded',
      )
      this.#set({ state: 'ready' })
      this.#wakeTimed(this.#options.clock.now())
      this.#wakeAll()
    })
  }

  run<I, R>(rule: Rule<I, R>, input: I, done: Done<R>): void {
    const { state } = this.#health
    // Workers announce themselves before the data is there; all else waits for it.
    if ((state === 'loading' && !rule.workersOnly) || state === 'closed') {
      this.#refuse(done)
      return
    }
    const memory = this.#memory
    memory.now = this.#options.clock.now()
    memory.random = this.#random()
    const { reply, changes } = rule.decide(memory, input)
    if (changes.length === 0) {
      done(reply)
      return
    }
    const waits = this.#waits(rule)
    if (state === 'unwritable' && !rule.workersOnly && (waits || rule.answers === 'now')) {
      this.#refuse(done)
      return
    }
    const entered = memory.apply(changes)
    if (waits) this.#commits.wait((error) => done(reply, error))
    else {
      this.#commits.soon()
      done(reply)
    }
    if (entered.length > 0 || resumed(changes)) this.#wakeQueued(queuesOf(entered, changes))
  }

  onQueued(wake: (queues: readonly string[]) => void): void {
    this.#wakeQueued = wake
  }

  onTimed(wake: (atMs: number) => void): void {
    this.#wakeTimed = wake
  }

  onHealth(changed: (health: StoreHealth) => void): void {
    this.#healthChanged = changed
  }

  health(): StoreHealth {
    return this.#health
  }

  async stats(): Promise<Stats> {
    this.#mustBeWhole()
    const memory = this.#memory
    const queues = new Map<string, number>()
    for (const [name, record] of memory.records('queue')) {
      if (record.known) queues.set(name, memory.queueSize(name))
    }
    let workers = 0
    for (const [, worker] of memory.records('worker')) if (worker.connections > 0) workers += 1
    return {
      queues,
      scheduled: memory.setSize(State.Scheduled),
      retries: memory.setSize(State.Retry),
      dead: memory.setSize(State.Dead),
      working: memory.setSize(State.Reserved),
      processed: memory.total('processed'),
      failures: memory.total('failures'),
      workers,
      lastSeq: memory.lastSeq,
    }
  }

  async latency(queue: string): Promise<number> {
    this.#mustBeWhole()
    const oldestMs = await this.#pages.oldest([queue])
    return Math.max(0, this.#options.clock.now() - (oldestMs[0] ?? Infinity)) / 1000
  }

  async queues(): Promise<readonly QueueFacts[]> {
    this.#mustBeWhole()
    return this.#pages.queues()
  }

  async held(): Promise<ReadonlyMap<string, number>> {
    this.#mustBeWhole()
    return this.#memory.heldBy()
  }

  async list(query: ListQuery): Promise<Listing> {
    this.#mustBeWhole()
    return this.#pages.list(query)
  }

  async ahead(queue: string, place: Position): Promise<number> {
    this.#mustBeWhole()
    return this.#memory.waitingBefore(queue, place)
  }

  async find(jid: string, budgetMs: number): Promise<Found> {
    this.#mustBeWhole()
    return this.#pages.find(jid, budgetMs)
  }

  records<K extends Kind>(kind: K): Promise<readonly [string, Records[K]][]> {
    return Promise.resolve([...this.#memory.records(kind)])
  }

  async select(place: Place, filter: JobFilter): Promise<Selection> {
    this.#mustBeWhole()
    return this.#pages.select(place, filter)
  }

  async backup(to: string): Promise<Backup> {
    // A fault is no matter: while nothing can be written, a copy is worth all the more.
    if (this.#health.state === 'ready') {
      await new Promise<void>((resolve) => this.#commits.wait(() => resolve()))
    }
    return this.#backups.write(to)
  }

  async close(): Promise<void> {
    if (this.#health.state === 'closed') return
    const wasLoading = this.#health.state === 'loading'
    this.#set({ state: 'closed' })
    if (!wasLoading) await this.#commits.drain()
    await this.#backups.stop()
    await this.#pages.close()
    await this.#storage.close()
    this.#unlock()
  }

  #waits<I, R>(rule: Rule<I, R>): boolean {
    if (rule.answers === 'acknowledge') return this.#options.durability === 'strict'
    return rule.answers === 'committed'
  }

  #refuse<R>(done: Done<R>): void {
    // The reply is not looked at beside an error.
    done(undefined as R, this.#fault())
  }

  /** Answers from a part of the data would be wrong ones. */
  #mustBeWhole(): void {
    if (this.#health.state === 'loading') throw this.#fault()
  }

  /** Why nothing can be done now. */
  #fault(): StoreError {
    const health = this.#health
    switch (health.state) {
      case 'loading':
        return new StoreError('loading', `loading (${health.percent} %), try again`)
      case 'unwritable':
        return new StoreError('unwritable', health.reason)
      default:
        return new StoreError('closed', 'the store is closed')
    }
  }

  #mended(): void {
    if (this.#health.state !== 'unwritable') return
    this.#set({ state: 'ready' })
    this.#wakeTimed(this.#options.clock.now())
    this.#wakeAll()
  }

  #wakeAll(): void {
    this.#wakeQueued([...this.#memory.records('queue')].map(([name]) => name))
  }

  #broken(reason: string): void {
    this.#set({ state: 'unwritable', reason })
    this.#commits.abandon(reason)
  }

  #set(health: StoreHealth): void {
    this.#health = health
    this.#healthChanged(health)
  }
}

/** A resumed queue may have jobs to hand out, though none entered. */
const resumed = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.do === 'put' && change.kind === 'queue')

function queuesOf(entered: readonly string[], changes: readonly Change[]): string[] {
  const names = new Set(entered)
  for (const change of changes) {
    if (change.do === 'put' && change.kind === 'queue' && !change.value.paused)
      names.add(change.key)
  }
  return [...names]
}

/** The embedded engine on a data folder. Throws FolderError when it cannot have the folder. */
export function openEmbedded(options: EmbeddedOptions): Store {
  return new EmbeddedStore(options)
}
