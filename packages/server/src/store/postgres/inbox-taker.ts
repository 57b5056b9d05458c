import type { Log } from '../../log.ts'
import { faultOf, messageOf } from './faults.ts'
import type { InboxBatch } from './inbox.ts'
import { runInbox, type Committing, type Outcome } from './transaction.ts'

/** Jobs in one transaction, at most. */
const LIMIT = 200

/** Takes what applications pushed in transactions of their own, batch by batch. */
export class InboxTaker {
  /** Jobs may wait there. */
  waits = false

  readonly #log: Log
  #limit = LIMIT

  constructor(log: Log) {
    this.#log = log
  }

  /**
   * Takes the next batch. Never rejects: what fails is tried again at the next look.
   * @returns undefined when nothing was taken, an Error when the database takes nothing now
   */
  async take(
    how: Committing,
  ): Promise<{ batch: InboxBatch; outcome: Outcome } | Error | undefined> {
    this.waits = false
    const limit = this.#limit
    try {
      const taken = await runInbox(how, limit)
      for (const why of taken.batch.refused) {
        this.#log.error(`a job in the inbox was refused: row ${why}`)
      }
      this.waits = taken.batch.size === limit
      this.#limit = Math.min(LIMIT, limit * 2)
      return taken
    } catch (error) {
      const fault = faultOf(error, how.connection.lost !== undefined)
      if (fault === 'away') return error as Error
      this.#log.warn({ err: error }, 'jobs of the inbox were put off')
      // One of them is to blame: it is found by taking them one by one.
      this.#limit = 1
      if (fault === 'refused' && limit === 1) await this.#sendBack(how, messageOf(error))
      else this.waits = fault === 'refused'
      return undefined
    }
  }

  /** The first job is one that the database will not have. */
  async #sendBack({ connection, sql }: Committing, why: string): Promise<void> {
    try {
      const [row] = await connection.query<{ id: number }>(sql.inbox, [1])
      if (row === undefined) return
      await connection.query(sql.sendBack, [[row.id], [why]])
      this.waits = true
    } catch (error) {
      this.#log.error({ err: error }, 'the inbox cannot be read')
    }
  }
}
