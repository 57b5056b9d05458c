import { statSync } from 'node:fs'
import { FwpConnection, monotonicMs, type Reply } from '../support/fwp.ts'
import type { Ledger, Sent } from './ledger.ts'

/** Between two attempts to reach a server that is down. */
const RETRY_MS = 15

/** A connection that knows which life of the server it belongs to. */
export interface Link {
  readonly connection: FwpConnection
  readonly life: number
}

/** The server that the clients of a run talk to, which comes and goes. */
export class Target {
  readonly port: number
  readonly ledger: Ledger
  readonly #logPath: string | undefined
  #stopped = false

  /** @param logPath the recorder's log, if the server is recorded */
  constructor(port: number, ledger: Ledger, logPath?: string) {
    this.port = port
    this.ledger = ledger
    this.#logPath = logPath
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** The same server for other clients, which are stopped on their own. */
  another(): Target {
    return new Target(this.port, this.ledger, this.#logPath)
  }

  /** From now on `connect` gives nothing: the clients end. */
  stop(): void {
    this.#stopped = true
  }

  /** Tries until there is a server. @returns undefined when the run is over */
  async connect(wid?: string): Promise<Link | undefined> {
    while (!this.#stopped) {
      const { life } = this.ledger
      try {
        const options = { port: this.port, ...(wid === undefined ? {} : { wid }) }
        return { connection: await FwpConnection.open(options), life }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
    return undefined
  }

  /** Sends a command. The answer comes as a promise, noted by who sent it. */
  send(link: Link, line: string): { sent: Sent; reply: Promise<Reply> } {
    const sent: Sent = {
      life: link.life,
      sentAtMs: monotonicMs(),
      logBytes: this.#logPath === undefined ? 0 : statSync(this.#logPath).size,
      port: link.connection.localPort,
    }
    return { sent, reply: link.connection.send(line) }
  }
}
