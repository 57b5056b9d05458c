import { CoveredFacts, Memory, type Change, type Facts } from '@jobmill/core'
import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import { Difference } from './difference.ts'
import { openInbox, type InboxBatch } from './inbox.ts'
import { Load } from './load.ts'
import type { RecordCache } from './record-cache.ts'
import type { Statements } from './statements.ts'
import { isNothing, sendWrites, verifyRecords } from './write.ts'

/** Who commits, and how. */
export interface Committing {
  readonly connection: Connection
  readonly sql: Statements
  /** Of this server's row. */
  readonly serverId: number
  /** The group's number, larger than all before it. */
  readonly groupNo: number
  /** Epoch ms by the database's clock. */
  readonly now: number
  random(): number
  /** A rule that reads what its needs do not name throws. For tests. */
  readonly strict: boolean
  /** false: an ACK's job is locked and not deleted before it is decided. */
  readonly guess: boolean
  readonly cache: RecordCache
  /** The COMMIT is about to be sent: from here on only the database knows whether this is so. */
  committing(outcome: Outcome): void
}

/** What a group came to. */
export interface Outcome {
  /** One a command, in order. */
  readonly replies: readonly unknown[]
  /** Queues that jobs can be fetched from that could not before. */
  readonly queues: readonly string[]
  /** Epoch ms of the soonest that falls due; Infinity for none. */
  readonly timedAtMs: number
  /** Commands that may have got less than there is, and are to be run once more. */
  readonly again: readonly Command[]
}

/**
 * One group of commands in one transaction: load and lock, decide all in order, write what differs.
 * Rejects with the database's error, or WrongGuess; nothing is done then, unless `committing` was
 * called and the connection is lost.
 */
export function runGroup(group: readonly Command[], how: Committing): Promise<Outcome> {
  return inTransaction(how, () => Promise.resolve({ group, settle: () => [] }))
}

/** The same for what waits in the inbox. @returns what was taken from there, and the outcome */
export async function runInbox(
  how: Committing,
  limit: number,
): Promise<{ batch: InboxBatch; outcome: Outcome }> {
  const opened: { batch?: InboxBatch } = {}
  const outcome = await inTransaction(
    how,
    async () => (opened.batch = await openInbox(how.connection, how.sql, limit)),
  )
  if (opened.batch === undefined) throw new Error('the inbox was not opened')
  return { batch: opened.batch, outcome }
}

async function inTransaction(
  how: Committing,
  open: () => Promise<Pick<InboxBatch, 'group' | 'settle'>>,
): Promise<Outcome> {
  const { connection, sql, cache } = how
  const difference = new Difference()
  const memory = new Memory(difference, Infinity)
  memory.now = how.now
  const load = new Load(connection, sql, memory, cache)
  const begun = connection.simple('begin')
  try {
    const { group, settle } = await open()
    // Sent together; and nothing else is sent before all of it is answered. Where nothing is loaded,
    // nothing is waited for.
    const loaded = load.all(group, how.guess)
    await (load.unverified.length > 0 ? loaded : allOf([begun, loaded]))
    const decided = decideAll(group, how, memory, load.mixed)
    const outcome = { ...decided, timedAtMs: difference.timedAtMs }
    const writes = difference.writes(load.loaded, load.settled, load.read)
    const settling = settle(decided.replies)
    if (isNothing(writes) && !load.wrote && settling.length === 0) {
      await allOf([begun, connection.simple('commit')])
      return outcome
    }
    if (writes.flush) await flush(connection, sql)
    how.committing(outcome)
    const marked = [how.serverId, how.groupNo, writes.processed, writes.failures]
    const sent = [
      begun,
      ...verifyRecords(connection, sql, load.unverified, load.read),
      ...sendWrites(connection, sql, writes),
      ...settling,
      connection.query(sql.mark, marked),
    ]
    const committed = connection.simple('commit')
    await allOf([...sent, committed])
    if ((await committed) !== 'COMMIT') throw new Error('the database rolled the transaction back')
    if (writes.flush) cache.clear()
    cache.wrote(writes.records)
    return outcome
  } catch (error) {
    await begun.catch(() => undefined)
    if (connection.lost === undefined) await connection.simple('rollback').catch(() => undefined)
    throw error
  }
}

/** Waits for all, then rejects with the first that failed. */
async function allOf(sent: readonly Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(sent)) if (one.status === 'rejected') throw one.reason
}

function decideAll(
  group: readonly Command[],
  how: Committing,
  memory: Memory,
  mixed: boolean,
): Omit<Outcome, 'timedAtMs'> {
  const replies: unknown[] = []
  const queues = new Set<string>()
  const again: Command[] = []
  for (const one of group) {
    memory.random = how.random()
    const facts: Facts = how.strict ? new CoveredFacts(memory, one.needs) : memory
    const { reply, changes } = one.rule.decide(facts, one.input)
    for (const queue of memory.apply(changes)) queues.add(queue)
    for (const queue of opened(changes)) queues.add(queue)
    replies.push(reply)
    if (mixed && one.needs.take !== undefined && changes.length === 0 && !one.again) again.push(one)
  }
  return { replies, queues: [...queues], again }
}

/** A resumed queue may have jobs to hand out, though none entered. */
function* opened(changes: readonly Change[]): Generator<string> {
  for (const change of changes) {
    if (change.do === 'put' && change.kind === 'queue' && !change.value.paused) yield change.key
  }
}

/** Everything goes. The quick way needs all jobs for itself for a moment; the slow one does not. */
async function flush(connection: Connection, sql: Statements): Promise<void> {
  await connection.simple('savepoint flush')
  try {
    await connection.simple(sql.flushJobs)
  } catch (error) {
    if (connection.lost !== undefined) throw error
    await connection.simple('rollback to savepoint flush')
    await connection.simple(sql.flushJobsSlowly)
  }
  await allOf([connection.query(sql.flushRecords), connection.query(sql.flushTotals)])
}
