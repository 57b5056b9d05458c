import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What becomes of the next COMMIT of something written. */
export type Cut =
  /** It never reaches the database. */
  | 'before'
  /** The database carries it out, and its answer is lost. */
  | 'after'

const BEGIN = 'begin\0'
const COMMIT = 'commit\0'
/** Every transaction that writes names this statement of the engine's. */
const WRITES = '\0mark\0'

/** A wire to a database that can be cut at the worst moment. */
export class Proxy {
  readonly #server: Server
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  #cut: Cut | undefined
  #silent = false
  /** How many connections were cut. */
  cuts = 0

  private constructor(server: Server, target: URL) {
    this.#server = server
    this.#target = target
    server.on('connection', (socket) => this.#join(socket))
  }

  static async to(url: string): Promise<Proxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new Proxy(server, new URL(url))
  }

  /** The database through this wire. */
  get url(): string {
    const url = new URL(this.#target)
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.href
  }

  cutNextCommit(cut: Cut): void {
    this.#cut = cut
  }

  /** All that is sent is swallowed from now on, as if a cable was pulled; false: connections again. */
  silence(silent: boolean): void {
    this.#silent = silent
    if (!silent) for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const database = connect(Number(this.#target.port), this.#target.hostname)
    let deaf = false
    let transaction = ''
    for (const socket of [client, database]) {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (this.#silent) return
      const cut = this.#cut
      transaction += chunk.toString('latin1')
      const at = cut === undefined ? -1 : chunk.indexOf(COMMIT)
      const writes = transaction.slice(transaction.lastIndexOf(BEGIN)).includes(WRITES)
      if (transaction.endsWith(COMMIT)) transaction = ''
      if (at < 0 || !writes) {
        database.write(chunk)
        return
      }
      this.#cut = undefined
      this.cuts += 1
      // Its message begins five bytes before its text.
      if (cut === 'before') database.write(chunk.subarray(0, at - 5))
      else database.write(chunk)
      deaf = true
      setTimeout(() => client.destroy(), 30)
    })
    database.on('data', (chunk: Buffer) => {
      if (!deaf && !this.#silent) client.write(chunk)
    })
  }
}
