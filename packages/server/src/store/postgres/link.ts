import type { Log } from '../../log.ts'
import { isHopeless, messageOf } from './faults.ts'
import { Session, type SessionOptions } from './session.ts'

const AGAIN_MIN_MS = 100
const AGAIN_MAX_MS = 5_000

export interface LinkOptions extends SessionOptions {
  readonly log: Log
  /** The database is there; a rejection ends the session, and it is tried again. */
  up(session: Session): Promise<void>
  /** It is not; told again with each try that fails. */
  down(reason: string): void
}

/**
 * Keeps a session with the database: when it is lost, tries again, at first at once and then less
 * and less often, until it is closed.
 *
 *     opening ──▶ up ──lost──▶ down ──tries──▶ up        any ──close──▶ closed
 */
export class Link {
  readonly #options: LinkOptions
  #session: Session | undefined
  #serverId = 0
  #timer: NodeJS.Timeout | undefined
  #waitMs = AGAIN_MIN_MS
  #closed = false
  #trying: Promise<void> | undefined

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get session(): Session | undefined {
    return this.#session
  }

  /**
   * Connects, if the database is there; if not, goes on trying. Rejects when trying again cannot
   * help: wrong password, no such database, tables of a newer program.
   */
  async open(): Promise<void> {
    try {
      await this.#connect()
    } catch (error) {
      if (isHopeless(error)) throw error
      this.#failed(error)
    }
  }

  /** The session is of no use, though its connections may live. */
  drop(reason: string): void {
    const session = this.#session
    if (session === undefined || this.#closed) return
    this.#session = undefined
    void session.end()
    this.#options.down(reason)
    this.#again(0)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#trying
    await this.#session?.end()
    this.#session = undefined
  }

  async #connect(): Promise<void> {
    const trial: { session?: Session } = {}
    const session = await Session.open(this.#options, this.#serverId, (error) => {
      // One that is lost while it is being opened makes the opening fail.
      if (trial.session !== undefined && trial.session === this.#session)
        this.drop(messageOf(error))
    })
    trial.session = session
    this.#serverId = session.serverId
    if (this.#closed) return session.end()
    this.#session = session
    try {
      await this.#options.up(session)
      this.#waitMs = AGAIN_MIN_MS
    } catch (error) {
      this.#session = undefined
      await session.end()
      throw error
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    this.#options.down(messageOf(error))
    this.#again(this.#waitMs)
    this.#waitMs = Math.min(this.#waitMs * 2, AGAIN_MAX_MS)
  }

  #again(inMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#trying = this.#connect()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => (this.#trying = undefined))
    }, inMs)
  }
}
