import { performance } from 'node:perf_hooks'
import type { Kind, Position, Records, Rule } from '@jobmill/core'
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
import { DatabaseClock } from './clock.ts'
import { command } from './command.ts'
import { Committer } from './committer.ts'
import type { Connection } from './connection.ts'
import { Costly } from './costly.ts'
import { Counts } from './counts.ts'
import { Link } from './link.ts'
import { Notifier, type Heard } from './notifier.ts'
import { Pages } from './pages.ts'
import type { Session } from './session.ts'
import { statementsOf } from './statements.ts'
import { Upkeep } from './upkeep.ts'

export interface PostgresOptions {
  /** postgres://user:password@host:port/database?sslmode=… */
  readonly url: string
  /** The same database without a pooler between, for LISTEN; absent: `url`. */
  readonly directUrl?: string
  readonly schema: string
  /** A DatabaseClock, unless a test has its own time. */
  readonly clock: Clock
  readonly log: Log
  /** Uniform in [0, 1). */
  readonly random?: () => number
  /** Rules that read what their needs do not name throw. For tests. */
  readonly strict?: boolean
  /** Whoever waits looks again so often, should a word of another server be lost; 0: never. */
  readonly pollMs?: number
  /** Counts that took longer hold for a while. */
  readonly slowCountMs?: number
}

const POLL_MS = 500
const SLOW_COUNT_MS = 1_000
/** A FETCH waits two seconds; nobody waits for a queue that was not asked for since. */
const ASKED_MS = 3_000
/** Timed work of a server that is gone is found by the others within this time. */
const TIMED_POLL_MS = 1_000

/**
 * The PostgreSQL engine: all data in the database, any number of servers on it. Groups of commands
 * are decided in memory by the same rules as everywhere, and committed.
 *
 *     unwritable ◀──▶ ready ──▶ closed        (the database is away; goes on by itself)
 */
class PostgresStore implements Store {
  readonly #options: PostgresOptions
  readonly #link: Link
  readonly #committer: Committer
  readonly #notifier: Notifier
  readonly #counts: Counts
  readonly #pages: Pages
  readonly #stats: Costly<Stats>
  readonly #queues: Costly<readonly QueueFacts[]>
  readonly #upkeep: Upkeep
  /** Queues that a FETCH asked for lately: monotonic ms. */
  readonly #asked = new Map<string, number>()
  #timers: NodeJS.Timeout[] = []
  #health: StoreHealth = { state: 'unwritable', reason: 'not connected to the database yet' }
  #wakeQueued: (queues: readonly string[]) => void = () => undefined
  #wakeTimed: (atMs: number) => void = () => undefined
  #healthChanged: (health: StoreHealth) => void = () => undefined

  constructor(options: PostgresOptions) {
    this.#options = options
    const { url, directUrl = url, schema, log, clock, random = Math.random } = options
    const sql = statementsOf(schema)
    const measured = clock instanceof DatabaseClock ? clock : undefined
    this.#counts = new Counts(schema)
    this.#pages = new Pages(schema)
    const { slowCountMs = SLOW_COUNT_MS } = options
    this.#stats = new Costly(slowCountMs)
    this.#queues = new Costly(slowCountMs)
    this.#upkeep = new Upkeep({ sql, schema, clock: measured, log })
    this.#notifier = new Notifier(sql, schema, (what) => this.#heard(what))
    this.#committer = new Committer({
      sql,
      clock,
      random,
      strict: options.strict === true,
      log,
      queued: (queues) => {
        this.#notifier.tell(queues)
        this.#wakeQueued(queues)
      },
      timed: (atMs) => this.#wakeTimed(atMs),
      refuses: (connection, error) => {
        if (connection === this.#link.session?.committing) this.#link.drop(error.message)
      },
    })
    this.#link = new Link({
      url,
      directUrl,
      schema,
      sql,
      clock: measured,
      log,
      up: (session) => this.#up(session),
      down: (reason) => this.#down(reason),
    })
  }

  async open(): Promise<void> {
    await this.#link.open()
    const { pollMs = POLL_MS } = this.#options
    if (pollMs > 0) this.#timers.push(setInterval(() => this.#poll(), pollMs))
    this.#timers.push(setInterval(() => this.#lookAtTime(), TIMED_POLL_MS))
  }

  run<I, R>(rule: Rule<I, R>, input: I, done: Done<R>): void {
    if (this.#health.state === 'closed') {
      // The reply is not looked at beside an error.
      done(undefined as R, new StoreError('closed', 'the store is closed'))
      return
    }
    const one = command(rule, input, done)
    for (const queue of one.needs.take?.queues ?? []) this.#asked.set(queue, performance.now())
    this.#committer.run(one)
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

  stats(): Promise<Stats> {
    return this.#stats.get(() => this.#read((connection) => this.#counts.stats(connection)))
  }

  async latency(queue: string): Promise<number> {
    const oldestMs = await this.#read((connection) => this.#counts.oldest(connection, queue))
    if (oldestMs === undefined) return 0
    return Math.max(0, this.#options.clock.now() - oldestMs) / 1000
  }

  records<K extends Kind>(kind: K): Promise<readonly [string, Records[K]][]> {
    return this.#read((connection) => this.#counts.records(connection, kind))
  }

  queues(): Promise<readonly QueueFacts[]> {
    return this.#queues.get(() => this.#read((connection) => this.#counts.queues(connection)))
  }

  held(): Promise<ReadonlyMap<string, number>> {
    return this.#read((connection) => this.#counts.held(connection))
  }

  list(query: ListQuery): Promise<Listing> {
    const nowMs = this.#options.clock.now()
    return this.#read((connection) => this.#pages.list(connection, query, nowMs))
  }

  ahead(queue: string, place: Position): Promise<number> {
    return this.#read((connection) => this.#pages.ahead(connection, queue, place))
  }

  find(jid: string, budgetMs: number): Promise<Found> {
    return this.#read((connection) => this.#pages.find(connection, jid, budgetMs))
  }

  select(place: Place, filter: JobFilter): Promise<Selection> {
    const nowMs = this.#options.clock.now()
    return this.#read((connection) => this.#pages.select(connection, place, filter, nowMs))
  }

  backup(): Promise<Backup> {
    return Promise.reject(
      new Error('the data is in a PostgreSQL: back it up as any database there'),
    )
  }

  async close(): Promise<void> {
    if (this.#health.state === 'closed') return
    this.#set({ state: 'closed' })
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    await this.#committer.drain()
    this.#upkeep.stop()
    this.#notifier.detach()
    await this.#link.close()
    this.#committer.detach('the store is closed')
  }

  async #up(session: Session): Promise<void> {
    await this.#notifier.attach(session.listening, session.serverId)
    this.#committer.attach(session.committing, session.serverId)
    this.#upkeep.start(session)
    if (this.#health.state === 'closed') return
    this.#set({ state: 'ready' })
    this.#lookAtTime()
    this.#wakeQueued([...this.#asked.keys()])
  }

  #down(reason: string): void {
    this.#upkeep.stop()
    this.#notifier.detach()
    this.#committer.detach(reason)
    if (this.#health.state !== 'closed') this.#set({ state: 'unwritable', reason })
  }

  async #read<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    const session = this.#link.session
    if (session === undefined) throw this.#fault()
    try {
      return await ask(session.reading)
    } catch (error) {
      if (session.reading.lost === undefined) throw error
      throw new StoreError('unwritable', `no database: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  #fault(): StoreError {
    return this.#health.state === 'unwritable'
      ? new StoreError('away', this.#health.reason)
      : new StoreError('closed', 'the store is closed')
  }

  /** Another server has put jobs into queues. */
  #heard(what: Heard): void {
    if (what === 'inbox') this.#committer.lookIntoInbox()
    else this.#wakeQueued(what === 'all' ? [...this.#asked.keys()] : what)
  }

  #poll(): void {
    const until = performance.now() - ASKED_MS
    for (const [queue, atMs] of this.#asked) if (atMs < until) this.#asked.delete(queue)
    if (this.#asked.size > 0) this.#wakeQueued([...this.#asked.keys()])
  }

  #lookAtTime(): void {
    if (this.#health.state !== 'ready') return
    this.#wakeTimed(this.#options.clock.now())
    this.#committer.lookIntoInbox()
  }

  #set(health: StoreHealth): void {
    this.#health = health
    this.#healthChanged(health)
  }
}

/** The PostgreSQL engine. Its `open` rejects when the database will never have it. */
export function openPostgres(options: PostgresOptions): Store {
  return new PostgresStore(options)
}
