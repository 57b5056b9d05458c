import type { Connection } from './connection.ts'
import { quoted } from './migrations.ts'
import type { Statements } from './statements.ts'

/** NOTIFY takes a lock of the whole database until its commit, so servers do not send it for each job. */
const EVERY_MS = 20
/** The database takes 8,000 bytes. */
const PAYLOAD_BYTES = 7_000
const ALL = '*'
/** An application has put jobs into the inbox: written by a trigger, in SQL. */
const INBOX = '+inbox'

/** Queues that got jobs; `all`: any may have; `inbox`: an application pushed. */
export type Heard = readonly string[] | 'all' | 'inbox'

/**
 * Tells other servers, after the commit, that jobs arrived in queues, and hears it from them. A word
 * that is lost costs no job: who waits looks again every half a second.
 */
export class Notifier {
  readonly #sql: Statements
  readonly #channel: string
  readonly #heard: (what: Heard) => void
  readonly #pending = new Set<string>()
  #connection: Connection | undefined
  #serverId = 0
  #timer: NodeJS.Timeout | undefined

  constructor(sql: Statements, schema: string, heard: (what: Heard) => void) {
    this.#sql = sql
    this.#channel = `jobmill_${schema}`
    this.#heard = heard
  }

  /** @param serverId names this server, which need not hear itself */
  async attach(connection: Connection, serverId: number): Promise<void> {
    this.#serverId = serverId
    connection.onNotification((payload) => this.#take(payload))
    await connection.simple(`listen ${quoted(this.#channel)}`)
    this.#connection = connection
  }

  detach(): void {
    this.#connection = undefined
    this.#pending.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  tell(queues: readonly string[]): void {
    if (this.#connection === undefined) return
    for (const queue of queues) this.#pending.add(queue)
    if (this.#timer === undefined) this.#send()
  }

  #send(): void {
    this.#timer = undefined
    if (this.#pending.size === 0) return
    const names = [...this.#pending].join(',')
    this.#pending.clear()
    const text = Buffer.byteLength(names) > PAYLOAD_BYTES ? ALL : names
    // A connection that fails here is noticed by its owner.
    this.#connection
      ?.query(this.#sql.notify, [this.#channel, `${this.#serverId} ${text}`])
      .catch(() => undefined)
    this.#timer = setTimeout(() => this.#send(), EVERY_MS)
  }

  #take(payload: string): void {
    const space = payload.indexOf(' ')
    if (payload.slice(0, space) === String(this.#serverId)) return
    const text = payload.slice(space + 1)
    if (text === INBOX) this.#heard('inbox')
    else this.#heard(text === ALL ? 'all' : text.split(','))
  }
}
