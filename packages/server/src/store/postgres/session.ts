import type { Log } from '../../log.ts'
import type { DatabaseClock } from './clock.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { migrateDatabase } from './migrate.ts'
import type { Statements } from './statements.ts'

export interface SessionOptions {
  /** For commands and for reading. */
  readonly url: string
  /** For LISTEN and for migrations, which need a connection of their own to the database itself. */
  readonly directUrl: string
  readonly schema: string
  readonly sql: Statements
  /** undefined: somebody else's clock decides (tests). */
  readonly clock: DatabaseClock | undefined
  readonly log: Log
}

/** A commit, or a load for one, takes milliseconds. */
const COMMIT_MS = 5_000
/** Looking through a large set page by page; counting millions. */
const READ_MS = 30_000
/** Beyond a statement's own limit: the database, or the way to it, is gone. */
const SILENCE_MS = 3_000
/** Of the connection that listens, which says a word each few seconds. */
const LISTEN_MS = 10_000

/**
 * The connections of one server: one that commits, one that reads, one that listens. They come and
 * go together.
 */
export class Session {
  readonly committing: Connection
  readonly reading: Connection
  readonly listening: Connection
  /** This server's row. */
  readonly serverId: number

  private constructor(
    [committing, reading, listening]: readonly [Connection, Connection, Connection],
    serverId: number,
  ) {
    this.committing = committing
    this.reading = reading
    this.listening = listening
    this.serverId = serverId
  }

  /**
   * Connects, brings the tables up to date, and measures the clock. Rejects as the database says, or
   * with a SchemaError. @param serverId this server's row, 0 for none yet
   * @param lost called when the first of the connections is gone
   */
  static async open(
    options: SessionOptions,
    serverId: number,
    lost: (error: Error) => void,
  ): Promise<Session> {
    const { url, directUrl, schema, sql, clock, log } = options
    const opened: Connection[] = []
    const open = async (
      one: Pick<ConnectionOptions, 'url' | 'statementMs' | 'silenceMs' | 'planner'>,
      role: string,
    ) => {
      const connection = await Connection.open(
        { ...one, applicationName: `jobmill ${role}`, log },
        lost,
      )
      opened.push(connection)
      return connection
    }
    const withLimit = (statementMs: number) => ({
      url,
      statementMs,
      silenceMs: statementMs + SILENCE_MS,
    })
    try {
      const { from, to } = await migrateDatabase(directUrl, schema, false, log)
      if (from !== to) {
        log.info({ schema, from, to }, 'the tables of the database were brought up to date')
      }
      const listens = { url: directUrl, statementMs: 0, silenceMs: LISTEN_MS, planner: true }
      const listening = await open(listens, 'listen')
      const committing = await open({ ...withLimit(COMMIT_MS), planner: false }, 'commit')
      const reading = await open({ ...withLimit(READ_MS), planner: true }, 'read')
      await clock?.measure(() => timeOf(committing, sql))
      const id = await register(committing, sql, serverId)
      return new Session([committing, reading, listening], id)
    } catch (error) {
      for (const connection of opened) void connection.end()
      throw error
    }
  }

  /** @returns whether this server's row is still there */
  async beat(sql: Statements): Promise<boolean> {
    return (await this.reading.query(sql.seen, [this.serverId])).length > 0
  }

  async end(): Promise<void> {
    await Promise.all([this.committing.end(), this.reading.end(), this.listening.end()])
  }
}

/** The database's time, epoch ms. */
export async function timeOf(connection: Connection, sql: Statements): Promise<number> {
  const [row] = await connection.query<{ ms: number }>(sql.time)
  return row?.ms ?? 0
}

async function register(
  connection: Connection,
  sql: Statements,
  serverId: number,
): Promise<number> {
  if (serverId !== 0) {
    const known = await connection.query(sql.seen, [serverId])
    if (known.length > 0) return serverId
  }
  const [row] = await connection.query<{ id: number }>(sql.register)
  return row?.id ?? 0
}
