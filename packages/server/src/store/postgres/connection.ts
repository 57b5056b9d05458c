import { Socket } from 'node:net'
import pg from 'pg'
import type { Log } from '../../log.ts'

/** One SQL text, prepared once per connection under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
}

export type Value = string | number | boolean | null | readonly (string | number | boolean | null)[]

export interface ConnectionOptions {
  /** postgres://…, TLS by its sslmode and sslrootcert, as libpq reads them. */
  readonly url: string
  /** As the database's own views show it. */
  readonly applicationName: string
  /** A statement that takes longer is ended by the database; 0: none is. */
  readonly statementMs: number
  /** Without an answer for so long the connection is given up; 0: never. */
  readonly silenceMs: number
  /** false: every statement has its index, whatever the planner's young statistics say. */
  readonly planner: boolean
  readonly log: Log
}

const CONNECT_MS = 5_000
/** A peer that is gone does not say goodbye. */
const GOODBYE_MS = 500

/** A transaction whose server died must let go of its locks. */
const ALWAYS = ["idle_in_transaction_session_timeout = '10s'", 'jit = off']

/**
 * The planner has young statistics of a table that empties and fills all day, and would keep a
 * scan of all of it in a prepared plan.
 */
const BY_INDEX = [
  'enable_seqscan = off',
  'enable_bitmapscan = off',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
]

/** Whole numbers up to 2^53 as numbers: no seq nor time comes near. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701])
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    NUMBERS.has(oid) ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
}

/** One connection to the database: statements are sent without waiting for those before them. */
export class Connection {
  readonly #client: pg.Client
  readonly #socket: Socket
  #lost: Error | undefined

  private constructor(client: pg.Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
  }

  /**
   * Connects. Rejects as the database or the network says. @param lost called once, when the
   * connection is gone without having been asked to
   */
  static async open(
    options: ConnectionOptions,
    lost: (error: Error) => void = () => undefined,
  ): Promise<Connection> {
    const socket = new Socket()
    const client = new pg.Client({
      stream: () => socket,
      connectionString: withLibpqModes(options.url),
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_MS,
      ...(options.silenceMs === 0 ? {} : { query_timeout: options.silenceMs }),
      keepAlive: true,
      pipeline: true,
      types,
    })
    const connection = new Connection(client, socket)
    let opened = false
    const gone = (error: Error): void => {
      if (connection.#lost !== undefined) return
      connection.#lost = error
      if (opened) lost(error)
    }
    client.on('error', gone)
    client.on('end', () => gone(new Error('the database closed the connection')))
    client.on('notice', ({ message }) => options.log.debug({ notice: message }, 'database notice'))
    try {
      await client.connect()
      const settings = [
        ...ALWAYS,
        ...(options.planner ? [] : BY_INDEX),
        `statement_timeout = ${options.statementMs}`,
      ]
      await client.query(settings.map((one) => `set ${one}`).join(';'))
    } catch (error) {
      connection.#lost ??= error as Error
      void connection.end()
      throw error
    }
    opened = true
    return connection
  }

  /** Why it can be used no more; undefined while it can. */
  get lost(): Error | undefined {
    return this.#lost
  }

  /** Runs a prepared statement. Rejects with the database's error, whose `code` is the SQLSTATE. */
  async query<Row>({ name, text }: Statement, values: readonly Value[] = []): Promise<Row[]> {
    const result = await this.#client.query({ name, text, values: values as unknown[] })
    return result.rows as Row[]
  }

  /**
   * Runs one or more statements as they stand. @returns the tag of the (last) one, e.g. COMMIT
   * @param silenceMs instead of the connection's
   */
  async simple(text: string, silenceMs?: number): Promise<string> {
    const config = { text, ...(silenceMs === undefined ? {} : { query_timeout: silenceMs }) }
    const result = (await this.#client.query(config)) as pg.QueryResult | pg.QueryResult[]
    return (Array.isArray(result) ? result.at(-1)?.command : result.command) ?? ''
  }

  onNotification(heard: (payload: string) => void): void {
    this.#client.on('notification', ({ payload = '' }) => heard(payload))
  }

  async end(): Promise<void> {
    this.#lost ??= new Error('closed')
    const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_MS)
    await this.#client.end().catch(() => undefined)
    clearTimeout(timer)
  }
}

/** sslmode as psql and every other client of the database reads it. */
function withLibpqModes(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}uselibpqcompat=true`
}
