import type { Log } from '../../log.ts'
import type { DatabaseClock } from './clock.ts'
import { timeOf, type Session } from './session.ts'
import type { Statements } from './statements.ts'

const TICK_MS = 1_000
const MEASURE_EVERY = 60
const BEAT_EVERY = 30
const VACUUM_EVERY = 5
const DEAD_ROWS_MAX = 20_000
/** A large table that nobody vacuumed for long takes its time. */
const VACUUM_MS = 3_600_000

/**
 * What a server does now and then for the database and its own place in it: tells that it lives,
 * measures the clock, and clears away dead rows before they slow the queues down.
 */
export class Upkeep {
  readonly #options: {
    readonly sql: Statements
    readonly schema: string
    readonly clock: DatabaseClock | undefined
    readonly log: Log
  }
  #timer: NodeJS.Timeout | undefined
  #vacuuming = false

  constructor(options: {
    readonly sql: Statements
    readonly schema: string
    readonly clock: DatabaseClock | undefined
    readonly log: Log
  }) {
    this.#options = options
  }

  start(session: Session): void {
    this.stop()
    let tick = 0
    this.#timer = setInterval(() => {
      tick += 1
      // What fails here fails for the session too, which says so.
      this.#tick(session, tick).catch((error: unknown) => {
        this.#options.log.debug({ err: error }, 'upkeep of the database was put off')
      })
    }, TICK_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #tick(session: Session, tick: number): Promise<void> {
    const { sql, clock } = this.#options
    if (clock !== undefined && (tick % MEASURE_EVERY === 0 || clock.jumped)) {
      await clock.measure(() => timeOf(session.reading, sql))
    }
    if (tick % BEAT_EVERY === 0) await session.beat(sql)
    if (tick % VACUUM_EVERY === 0 && !this.#vacuuming) {
      this.#vacuuming = true
      await this.#vacuum(session).finally(() => (this.#vacuuming = false))
    }
  }

  async #vacuum({ listening }: Session): Promise<void> {
    const { sql, schema } = this.#options
    const [row] = await listening.query<{ count: number }>(sql.deadRows, [schema])
    if ((row?.count ?? 0) > DEAD_ROWS_MAX) await listening.simple(sql.vacuum, VACUUM_MS)
  }
}
