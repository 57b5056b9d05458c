import {
  reservationMs,
  State,
  type Job,
  type Kind,
  type Memory,
  type Records,
  type Seq,
  type WaitingKey,
} from '@jobmill/core'
import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import type { Loaded } from './difference.ts'
import { entryOf, jobOf, type EntryRow, type JobRow } from './rows.ts'
import type { Statements } from './statements.ts'

/** Above every seq of the database: the places of jobs that get their seq when they are written. */
const UNWRITTEN = 2 ** 52

type Named = { readonly jid: string; readonly wid: string }
type Asked = Pick<Command, 'needs'>

/**
 * Fills a memory with what a group's decisions will read, locking the jobs in it. What will probably
 * happen is done in the same statement: an ACK's job is deleted, a FETCH's reserved.
 *
 *     records, jobs by name or time ──▶ heads of queues, removed rows ──▶ the last seq
 *     (sent together)                    (those need the records)
 */
export class Load {
  /** By seq: what the database says of a job by now. */
  readonly loaded = new Map<Seq, Loaded>()
  /** Rows that are deleted already. */
  readonly settled = new Set<Seq>()
  /** By kind, newline, key: the text that was read. */
  readonly read = new Map<string, string>()
  /** Queues were asked for by lists that differ: a command may have got less than there is. */
  mixed = false

  readonly #connection: Connection
  readonly #sql: Statements
  readonly #memory: Memory

  constructor(connection: Connection, sql: Statements, memory: Memory) {
    this.#connection = connection
    this.#sql = sql
    this.#memory = memory
  }

  /** Whether loading has written anything. */
  get wrote(): boolean {
    if (this.settled.size > 0) return true
    for (const { waitedAt } of this.loaded.values()) if (waitedAt !== undefined) return true
    return false
  }

  /** @param guess false: nothing is done ahead but reserving */
  async all(group: readonly Asked[], guess: boolean): Promise<void> {
    const needs = group.map((one) => one.needs)
    const settles = needs.flatMap((one) => one.settles ?? [])
    const reserved = needs.flatMap((one) => one.reserved ?? [])
    const [, missing] = await Promise.all([
      this.#records(group),
      guess ? this.#settle(settles) : Promise.resolve(settles),
      this.#reserved(reserved),
      this.#held(needs.flatMap((one) => one.held ?? [])),
      ...group.map((one) => this.#sets(one)),
    ])
    const last: Promise<void>[] = [this.#reserved(missing), this.#claims(group)]
    for (const { removed } of needs) if (removed !== undefined) last.push(this.#removed(removed))
    // Read after all else, so that no job in memory is newer.
    if (needs.some((one) => one.lastSeq === true)) last.push(this.#lastSeq())
    else this.#memory.lastSeq = UNWRITTEN
    await Promise.all(last)
  }

  async #records(group: readonly Asked[]): Promise<void> {
    const keys = new Map<string, { kind: Kind; key: string }>()
    const kinds = new Set<Kind>()
    for (const { needs } of group) {
      for (const one of needs.records ?? []) keys.set(`${one.kind}\n${one.key}`, one)
      for (const kind of needs.allRecords ?? []) kinds.add(kind)
    }
    const named = [...keys.values()].filter(({ kind }) => !kinds.has(kind))
    await Promise.all([
      named.length === 0
        ? undefined
        : this.#connection
            .query<RecordRow>(this.#sql.records, [
              named.map(({ kind }) => kind),
              named.map(({ key }) => key),
            ])
            .then((rows) => this.#keep(rows)),
      kinds.size === 0
        ? undefined
        : this.#connection
            .query<RecordRow>(this.#sql.allRecords, [[...kinds]])
            .then((rows) => this.#keep(rows)),
    ])
  }

  #keep(rows: readonly RecordRow[]): void {
    for (const { kind, key, value } of rows) {
      this.read.set(`${kind}\n${key}`, value)
      // Written from a record of this kind.
      this.#memory.loadRecord(kind, key, JSON.parse(value) as Records[Kind])
    }
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

  /** Reserves as many heads as there are commands that ask for one, per list of queues. */
  async #claims(group: readonly Asked[]): Promise<void> {
    const lists = new Map<string, { queues: string[]; rooms: number[]; wids: string[] }>()
    for (const { needs } of group) {
      if (needs.take === undefined) continue
      const { queues, wid, room } = needs.take
      const open = [...new Set(queues)].filter((queue) => room(this.#memory, queue) > 0)
      if (open.length === 0) continue
      const rooms = open.map((queue) => Math.min(room(this.#memory, queue), ROOM_MAX))
      const list = lists.get(open.join('\n'))
      if (list === undefined) lists.set(open.join('\n'), { queues: open, rooms, wids: [wid] })
      else list.wids.push(wid)
    }
    this.mixed = lists.size > 1
    const heads = await Promise.all([...lists.values()].map((list) => this.#claim(list)))
    // Into its lane each job goes in order of seq, whichever list of queues brought it.
    for (const row of heads.flat().sort((a, b) => a.seq - b.seq)) {
      const { seq, at, wid, extra, waited_at: waitedAt } = row
      this.loaded.set(seq, { state: State.Reserved, at, wid, extra, waitedAt })
      const job: Job = { ...jobOf(row), state: State.Queued, at: waitedAt, wid: '' }
      this.#memory.load(job)
    }
  }

  #claim(list: { queues: string[]; rooms: number[]; wids: string[] }): Promise<HeadRow[]> {
    const removedTo = list.queues.map(
      (queue) => this.#memory.record('queue', queue)?.removedTo ?? 0,
    )
    const statement = removedTo.every((seq) => seq === 0) ? this.#sql.claim : this.#sql.claimPast
    return this.#connection.query<HeadRow>(statement, [
      list.queues,
      removedTo,
      list.rooms,
      list.wids.length,
      this.#memory.now + reservationMs(undefined),
      list.wids,
    ])
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

/** More than a group can hand out. */
const ROOM_MAX = 1_000_000

interface RecordRow {
  readonly kind: Kind
  readonly key: string
  readonly value: string
}

interface HeadRow extends JobRow {
  /** When it was enqueued: its `at` is that of the reservation. */
  readonly waited_at: number
}
