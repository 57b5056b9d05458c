import { push } from '@jobmill/core'
import { isRefusal, parseCommand, refuse, type Refusal, type WireJob } from '@jobmill/protocol'
import { command, type Command } from './command.ts'
import type { Connection } from './connection.ts'
import type { Statements } from './statements.ts'

/** Jobs that applications pushed in transactions of their own, as one group of commands. */
export interface InboxBatch {
  readonly size: number
  readonly group: readonly Command[]
  /**
   * Sends what becomes of the rows: those that were taken go, the others stay and say why.
   * @param replies of the group, in order
   */
  settle(replies: readonly unknown[]): Promise<unknown>[]
  /** The same, in words, for the log. */
  readonly refused: readonly string[]
}

/** Locks the next jobs of the inbox that no other server is taking. */
export async function openInbox(
  connection: Connection,
  sql: Statements,
  limit: number,
): Promise<InboxBatch> {
  const rows = await connection.query<{ id: number; job: string }>(sql.inbox, [limit])
  const taken: { readonly id: number; readonly one: Command }[] = []
  const sentBack = new Map<number, string>()
  for (const { id, job } of rows) {
    const wire = read(job)
    if (isRefusal(wire)) sentBack.set(id, wire.text)
    else taken.push({ id, one: command(push, wire, () => undefined) })
  }
  const refused: string[] = []
  return {
    size: rows.length,
    group: taken.map(({ one }) => one),
    refused,
    settle(replies) {
      const gone: number[] = []
      for (const [i, { id }] of taken.entries()) {
        // What push replies.
        const refusal = replies[i] as Refusal | undefined
        if (refusal === undefined) gone.push(id)
        else sentBack.set(id, refusal.text)
      }
      for (const [id, why] of sentBack) refused.push(`${id}: ${why}`)
      const sent: Promise<unknown>[] = []
      if (gone.length > 0) sent.push(connection.query(sql.takeIn, [gone]))
      if (sentBack.size > 0) {
        sent.push(connection.query(sql.sendBack, [[...sentBack.keys()], [...sentBack.values()]]))
      }
      return sent
    },
  }
}

/** A job as a PUSH would bring it. */
function read(text: string): WireJob | Refusal {
  const parsed = parseCommand(`PUSH ${text}`)
  if (isRefusal(parsed)) return parsed
  return parsed.verb === 'PUSH' ? parsed.job : refuse('INTERNAL')
}
