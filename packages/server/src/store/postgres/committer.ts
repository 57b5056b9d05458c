import { performance } from 'node:perf_hooks'
import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { StoreError } from '../store.ts'
import { takeGroup, type Command } from './command.ts'
import type { Connection } from './connection.ts'
import { WrongGuess } from './difference.ts'
import { faultOf, messageOf, type Fault } from './faults.ts'
import { InboxTaker } from './inbox-taker.ts'
import { RecordCache } from './record-cache.ts'
import type { Statements } from './statements.ts'
import { runGroup, type Committing, type Outcome } from './transaction.ts'

/** A group meets another's transaction so often before its commands are refused. */
const TRIES = 20
/** A lost commit's fate is waited for so long; then its commands are told that it is not known. */
const FATE_MS = 10_000

export interface CommitterOptions {
  readonly sql: Statements
  readonly clock: Clock
  readonly random: () => number
  readonly strict: boolean
  readonly log: Log
  /** Jobs can be fetched from these queues that could not before. */
  queued(queues: readonly string[]): void
  timed(atMs: number): void
  /** The database takes nothing on this connection any more, though it is there. */
  refuses(connection: Connection, error: Error): void
}

/**
 * The commands that wait and the one connection that commits them: whenever it is idle it takes all
 * that wait as one group, so the busier the server, the larger the groups.
 */
export class Committer {
  readonly #options: CommitterOptions
  readonly #waiting: Command[] = []
  readonly #cache = new RecordCache()
  readonly #inbox: InboxTaker
  #connection: Connection | undefined
  #serverId = 0
  #groupNo = 0
  #running: Promise<void> | undefined
  #attached: () => void = () => undefined
  #away = 'not connected yet'

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#inbox = new InboxTaker(options.log)
  }

  /** Takes a command; its `done` is called once, later. */
  run(one: Command): void {
    if (this.#connection === undefined) {
      fail([one], this.#away)
      return
    }
    this.#waiting.push(one)
    this.#start()
  }

  /** Commits on this connection from now on. @param serverId this server's row */
  attach(connection: Connection, serverId: number): void {
    this.#connection = connection
    this.#serverId = serverId
    this.#attached()
    this.#start()
  }

  /** The connection is gone: those that wait are told so at once. */
  detach(reason: string): void {
    this.#connection = undefined
    this.#away = reason
    fail(this.#waiting.splice(0), reason)
  }

  /** Applications may have put jobs into the inbox. */
  lookIntoInbox(): void {
    if (this.#connection === undefined) return
    this.#inbox.waits = true
    this.#start()
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #start(): void {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
      if (this.#waiting.length > 0 || this.#inbox.waits) this.#start()
    })
  }

  async #work(): Promise<void> {
    // All sockets of this turn are read first: their commands go together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0 || this.#inbox.waits) {
      if (this.#waiting.length > 0) await this.#commit(takeGroup(this.#waiting))
      if (this.#inbox.waits) await this.#takeInbox()
    }
  }

  /** Never rejects: every command of the group is told how it went. */
  async #commit(group: readonly Command[]): Promise<void> {
    let guess = true
    for (let tries = 1; ; tries += 1) {
      const connection = this.#connection
      if (connection === undefined) return fail(group, this.#away)
      const groupNo = (this.#groupNo += 1)
      const sent: { outcome?: Outcome } = {}
      let outcome: Outcome | undefined
      try {
        const how = this.#how(connection, groupNo, guess)
        const committing = (decided: Outcome) => (sent.outcome = decided)
        outcome = await runGroup(group, { ...how, committing })
      } catch (error) {
        const lost = connection.lost !== undefined
        const fault = error instanceof WrongGuess ? 'conflict' : faultOf(error, lost)
        guess = false
        if (fault === 'conflict' && tries < TRIES) {
          await pause(this.#options.random() * tries)
        } else if (lost && sent.outcome !== undefined) {
          const fate = await this.#fateOf(groupNo)
          if (fate === 'committed') outcome = sent.outcome
          if (fate === 'unknown') return fail(group, UNKNOWN_FATE, error)
          // Nothing of it was done: it is run again on the new connection.
        } else {
          return this.#refused(group, connection, error, fault)
        }
      }
      if (outcome !== undefined) return this.#succeed(group, outcome)
    }
  }

  #how(connection: Connection, groupNo: number, guess: boolean): Omit<Committing, 'committing'> {
    const { sql, clock, random, strict } = this.#options
    const [serverId, cache, now] = [this.#serverId, this.#cache, clock.now()]
    return { connection, sql, serverId, groupNo, now, random, strict, guess, cache }
  }

  async #takeInbox(): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) {
      this.#inbox.waits = false
      return
    }
    const groupNo = (this.#groupNo += 1)
    const how = { ...this.#how(connection, groupNo, false), committing: () => undefined }
    const taken = await this.#inbox.take(how)
    if (taken instanceof Error) {
      // Nobody waits for an answer: it is taken when the database is back.
      if (connection.lost === undefined) this.#options.refuses(connection, taken)
    } else if (taken !== undefined) this.#succeed(taken.batch.group, taken.outcome)
  }

  async #refused(
    group: readonly Command[],
    connection: Connection,
    error: unknown,
    fault: Fault,
  ): Promise<void> {
    const message = messageOf(error)
    if (fault === 'away') {
      if (connection.lost === undefined) this.#options.refuses(connection, error as Error)
      return fail(group, message, error)
    }
    if (fault === 'refused' && group.length > 1) {
      // One of them is to blame: the others must not suffer for it.
      for (const one of group) await this.#commit([one])
      return
    }
    const rules = [...new Set(group.map(({ name }) => name))]
    this.#options.log.error({ err: error, rules }, 'the database refused a command')
    fail(group, message, error)
  }

  /** What became of a group whose COMMIT got no answer. */
  async #fateOf(groupNo: number): Promise<'committed' | 'undone' | 'unknown'> {
    const until = performance.now() + FATE_MS
    while (performance.now() < until) {
      const connection = this.#connection
      if (connection === undefined) {
        await this.#untilAttached(until - performance.now())
        continue
      }
      try {
        const values = [this.#serverId]
        const [row] = await connection.query<{ group_no: number }>(this.#options.sql.fate, values)
        if (row === undefined) return 'unknown'
        return row.group_no === groupNo ? 'committed' : 'undone'
      } catch (error) {
        this.#options.log.warn({ err: error }, 'what became of a commit is not found out yet')
        await pause(100)
      }
    }
    return 'unknown'
  }

  async #untilAttached(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#attached = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#attached = () => undefined
  }

  #succeed(group: readonly Command[], outcome: Outcome): void {
    const { replies, queues, timedAtMs, again } = outcome
    for (const one of again) one.again = true
    this.#waiting.unshift(...again)
    group.forEach((one, i) => {
      if (!again.includes(one)) one.done(replies[i])
    })
    if (queues.length > 0) this.#options.queued(queues)
    if (timedAtMs < Infinity) this.#options.timed(timedAtMs)
  }
}

const UNKNOWN_FATE =
  'the connection to the database was lost at the commit: whether the command was carried out is not known'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function fail(group: readonly Command[], reason: string, cause?: unknown): void {
  const error = new StoreError('away', reason, { cause })
  for (const one of group) one.done(undefined, error)
}
