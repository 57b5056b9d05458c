import {
  reservationMs,
  State,
  type Job,
  Memory,
  type Kind,
  type Needs,
  type Records,
  type Seq,
  type WaitingKey,
} from '@jobmill/core'
import { isSamePlan, planClaims, type Claim } from './claims.ts'
import type { Command } from './command.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { Difference, WrongGuess, type Loaded } from './difference.ts'
import type { RecordCache, RecordName } from './record-cache.ts'
import { entryOf, jobOf, type EntryRow, type JobRow } from './rows.ts'
import type { Statements } from './statements.ts'

/** Above every seq of the database: the places of jobs that get their seq when they are written. */
const UNWRITTEN = 2 ** 52

type Named = { readonly jid: string; readonly wid: string }
type Asked = Pick<Command, 'needs'>

/**
 * Fills a memory with what a group's decisions will read, locking the jobs in it. What will probably
 * happen is done in the same statement: an ACK's job is deleted, a FETCH's reserved. And what was
 * known of queues and workers probably still holds: jobs are claimed by it at once.
 *
 *     records, jobs by name or time, heads ──▶ what was not found, removed rows ──▶ the last seq
 *     (sent together)                           (those need the records)
 */
export class Load {
  /** By seq: what the database says of a job by now. */
  readonly loaded = new Map<Seq, Loaded>()
  /** Rows that are deleted already. */
  readonly settled = new Set<Seq>()
  /** By kind, newline, key: the text that was read. */
  readonly read = new Map<string, string>()
  /** Taken from the cache instead of the database: to be compared before the commit. */
  unverified: readonly RecordName[] = []
  /** Queues were asked for by lists that differ: a command may have got less than there is. */
  mixed = false

  readonly #connection: Connection
  readonly #sql: Statements
  readonly #memory: Memory
  readonly #cache: RecordCache

  constructor(connection: Connection, sql: Statements, memory: Memory, cache: RecordCache) {
    this.#connection = connection
    this.#sql = sql
    this.#memory = memory
    this.#cache = cache
  }

  /** Whether loading has written anything. */
  get wrote(): boolean {
    if (this.settled.size > 0) return true
    for (const { waitedAt } of this.loaded.values()) if (waitedAt !== undefined) return true
    return false
  }

  /**
   * Rejects with WrongGuess when queues or workers are not as they were known.
   * @param guess false: nothing is done ahead but reserving
   */
  async all(group: readonly Asked[], guess: boolean): Promise<void> {
    const needs = group.map((one) => one.needs)
    this.#memory.lastSeq = UNWRITTEN
    if (guess && this.#fromCache(needs)) return
    const settles = needs.flatMap((one) => one.settles ?? [])
    const plan = guess ? this.#guessedPlan(group) : []
    const [, missing] = await Promise.all([
      this.#records(needs),
      guess ? this.#settle(settles) : Promise.resolve(settles),
      this.#reserved(needs.flatMap((one) => one.reserved ?? [])),
      this.#held(needs.flatMap((one) => one.held ?? [])),
      this.#claims(plan),
      ...group.map((one) => this.#sets(one)),
    ])
    const rightPlan = planClaims(group, this.#memory)
    if (guess && !isSamePlan(plan, rightPlan)) throw new WrongGuess('queues are not as they were')
    const last = [this.#reserved(missing), this.#claims(guess ? [] : rightPlan)]
    for (const { removed } of needs) if (removed !== undefined) last.push(this.#removed(removed))
    // Read after all else, so that no job in memory is newer.
    if (needs.some((one) => one.lastSeq === true)) last.push(this.#lastSeq())
    await Promise.all(last)
  }

  /** Whether nothing is needed but queues that are known: then nothing is loaded at all. */
  #fromCache(needs: readonly Needs[]): boolean {
    const names = new Map<string, RecordName>()
    for (const { records = [], ...others } of needs) {
      if (Object.keys(others).length > 0) return false
      for (const name of records) names.set(`${name.kind}\n${name.key}`, name)
    }
    const known = [...names.values()]
    if (known.some((name) => name.kind !== 'queue' || this.#cache.get(name) === undefined)) {
      return false
    }
    for (const name of known) this.#keep(name, this.#cache.get(name))
    this.unverified = known
    return true
  }

  /** What would be claimed if all were still as it was last seen. */
  #guessedPlan(group: readonly Asked[]): Claim[] {
    const known = new Memory(NO_JOURNAL, 0)
    for (const { needs } of group) {
      if (needs.take === undefined) continue
      for (const name of needs.records ?? []) {
        const text = this.#cache.get(name)
        if (text !== undefined) known.loadRecord(name.kind, name.key, parseRecord(text))
      }
    }
    return planClaims(group, known)
  }

  async #records(needs: readonly Needs[]): Promise<void> {
    const names = new Map<string, RecordName>()
    const kinds = new Set<Kind>()
    for (const { records = [], allRecords = [] } of needs) {
      for (const one of records) names.set(`${one.kind}\n${one.key}`, one)
      for (const kind of allRecords) kinds.add(kind)
    }
    const named = [...names.values()].filter(({ kind }) => !kinds.has(kind))
    const [found, all] = await Promise.all([
      this.#query<RecordRow>(named.length > 0, this.#sql.records, [
        named.map(({ kind }) => kind),
        named.map(({ key }) => key),
      ]),
      this.#query<RecordRow>(kinds.size > 0, this.#sql.allRecords, [[...kinds]]),
    ])
    for (const row of [...found, ...all]) this.#keep(row, row.value)
    for (const name of named) {
      this.#cache.saw(name, this.read.get(`${name.kind}\n${name.key}`))
    }
  }

  /** @returns nothing where nothing is to be asked */
  async #query<Row>(asks: boolean, statement: Statement, values: Value[]): Promise<Row[]> {
    return asks ? this.#connection.query<Row>(statement, values) : []
  }

  #keep({ kind, key }: RecordName, text = ''): void {
    this.read.set(`${kind}\n${key}`, text)
    this.#memory.loadRecord(kind, key, parseRecord(text))
  }

  /** @returns those whose job was not found: another of the same jid may have been in the way */
  async #settle(named: readonly Named[]): Promise<Named[]> {
    if (named.length === 0) return []
    const sorted = [...named].sort((a, b) => (a.jid < b.jid ? -1 : 1))
    const rows = await this.#connection.query<JobRow>(this.#sql.settle, [
      sorted.map(({ jid }) => jid),
      sorted.map(({ wid }) => wid),
    ])
    const found = new Set<string>()
    for (const row of rows) {
      found.add(row.jid)
      this.settled.add(row.seq)
      this.#memory.load(jobOf(row))
    }
    return sorted.filter(({ jid }) => !found.has(jid))
  }

  async #reserved(named: readonly Named[]): Promise<void> {
    if (named.length === 0) return
    const jids = [...new Set(named.map(({ jid }) => jid))].sort()
    this.#take(await this.#connection.query<JobRow>(this.#sql.reserved, [jids]))
  }

  async #held(wids: readonly string[]): Promise<void> {
    if (wids.length === 0) return
    const rows = await this.#connection.query<{ wid: string; count: number }>(this.#sql.held, [
      wids,
    ])
    for (const { wid, count } of rows) this.#memory.loadHeld(wid, count)
  }

  /** What a command needs of a set: by time, or named. Such a command is alone in its group. */
  async #sets({ needs: { due, lapsed, entries, waiting = [] } }: Asked): Promise<void> {
    const { now } = this.#memory
    if (due !== undefined) await this.#byTime(due.set, Math.min(due.until, now), due.limit)
    if (lapsed !== undefined) {
      await this.#byTime(State.Reserved, Math.min(lapsed.until, now), lapsed.limit)
    }
    if (waiting.length > 0) await this.#waiting(waiting)
    if (entries === undefined || entries.keys.length === 0) return
    const values = [entries.keys.map(({ seq }) => seq), entries.keys.map(({ at }) => at)]
    this.#take(await this.#connection.query(this.#sql.entries[entries.set], values))
  }

  async #waiting(keys: readonly WaitingKey[]): Promise<void> {
    const rows = await this.#connection.query<EntryRow>(this.#sql.waiting, [
      keys.map(({ seq }) => seq),
      keys.map(({ queue }) => queue),
      keys.map(({ priority }) => priority),
    ])
    this.#take(rows)
  }

  /** Those that are due, and the first that is not yet: it tells when to come again. */
  async #byTime(set: Exclude<State, 0>, until: number, limit: number): Promise<void> {
    const [due, next] = await Promise.all([
      this.#connection.query<EntryRow | JobRow>(this.#sql.due[set], [until, limit]),
      this.#connection.query<EntryRow | JobRow>(this.#sql.next[set], [until]),
    ])
    this.#take([...due, ...next])
  }

  #take(rows: readonly (EntryRow | JobRow)[]): void {
    for (const row of rows) {
      if (!('jid' in row)) {
        this.#memory.load(entryOf(row))
        continue
      }
      const job = jobOf(row)
      this.loaded.set(job.seq, { state: job.state, at: job.at, wid: job.wid, extra: job.extra })
      this.#memory.load(job)
    }
  }

  /** Reserves heads of queues. */
  async #claims(plan: readonly Claim[]): Promise<void> {
    if (plan.length === 0) return
    this.mixed = plan.length > 1
    const heads = await Promise.all(plan.map((claim) => this.#claim(claim)))
    // Into its lane each job goes in order of seq, whichever list of queues brought it.
    for (const row of heads.flat().sort((a, b) => a.seq - b.seq)) {
      const { seq, at, wid, extra, waited_at: waitedAt } = row
      this.loaded.set(seq, { state: State.Reserved, at, wid, extra, waitedAt })
      const job: Job = { ...jobOf(row), state: State.Queued, at: waitedAt, wid: '' }
      this.#memory.load(job)
    }
  }

  #claim({ queues, removedTo, rooms, wids }: Claim): Promise<HeadRow[]> {
    const statement = removedTo.every((seq) => seq === 0) ? this.#sql.claim : this.#sql.claimPast
    const lapsesAt = this.#memory.now + reservationMs(undefined)
    const values = [queues, removedTo, rooms, wids.length, lapsesAt, wids]
    return this.#connection.query<HeadRow>(statement, values)
  }

  async #removed(limit: number): Promise<void> {
    const names: string[] = []
    const upTo: Seq[] = []
    for (const [name, { removedTo }] of this.#memory.records('queue')) {
      if (removedTo === 0) continue
      names.push(name)
      upTo.push(removedTo)
    }
    if (names.length === 0) return
    // One more than asked for tells whether any are left.
    const rows = await this.#connection.query<{ seq: Seq }>(this.#sql.removed, [
      names,
      upTo,
      limit + 1,
    ])
    this.#memory.loadRemoved(rows.map(({ seq }) => seq))
  }

  async #lastSeq(): Promise<void> {
    const [row] = await this.#connection.query<{ seq: Seq }>(this.#sql.lastSeq)
    this.#memory.lastSeq = row?.seq ?? 0
  }
}

/** Written from a record of its kind. */
const parseRecord = (text: string): Records[Kind] => JSON.parse(text) as Records[Kind]

const NO_JOURNAL = new Difference()

interface RecordRow {
  readonly kind: Kind
  readonly key: string
  readonly value: string
}

interface HeadRow extends JobRow {
  /** When it was enqueued: its `at` is that of the reservation. */
  readonly waited_at: number
}
