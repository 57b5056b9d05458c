import { connect, type Socket } from 'node:net'
import type { Reply } from './matchers.ts'

/** A client that says exactly what it is told, and takes replies one by one. */
export class Peer {
  readonly #socket: Socket
  #bytes = Buffer.alloc(0)
  #closed = false
  #changed: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    const change = (): void => this.#changed()
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      change()
    })
    // A reset counts as a close.
    socket.on('error', () => undefined)
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#closed = true
        change()
      })
    }
  }

  static connect(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Peer(socket)))
    })
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Says nothing more, but goes on listening. */
  finish(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  async reply(timeoutMs: number): Promise<Reply> {
    const reply = await this.#until(
      () => this.#take() ?? (this.#closed ? 'closed' : undefined),
      timeoutMs,
    )
    if (typeof reply === 'object') return reply
    throw new Error(`${reply ?? `nothing within ${timeoutMs} ms`} instead of a reply`)
  }

  async silence(ms: number): Promise<void> {
    const said = await this.#until(
      () => (this.#bytes.length > 0 || this.#closed ? true : undefined),
      ms,
    )
    if (said === true) throw new Error(`not silent: ${JSON.stringify(this.#bytes.toString())}`)
  }

  /** The server closes, having said nothing more, or one error when `error` is allowed. */
  async end(timeoutMs: number, error: boolean): Promise<void> {
    const closed = await this.#until(() => (this.#closed ? true : undefined), timeoutMs)
    if (closed === undefined) throw new Error(`not closed within ${timeoutMs} ms`)
    const said = this.#bytes.toString()
    if (said !== '' && !(error && /^-[A-Z]+ [^\r\n]*\r\n$/.test(said))) {
      throw new Error(`said ${JSON.stringify(said)} before it closed`)
    }
  }

  async #until<T>(ready: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const value = ready()
      const leftMs = deadline - performance.now()
      if (value !== undefined || leftMs <= 0) return value
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #take(): Reply | undefined {
    const end = this.#bytes.indexOf('\r\n')
    if (end < 0) return undefined
    const line = this.#bytes.toString('utf8', 1, end)
    const kind = String.fromCharCode(this.#bytes[0] ?? 0)
    let next = end + 2
    let reply: Reply = { kind: kind as Reply['kind'], text: line }
    if (kind === '$' && line === '-1') reply = { kind: 'nil', text: '' }
    else if (kind === '$') {
      const to = next + Number(line)
      if (this.#bytes.length < to + 2) return undefined
      if (this.#bytes.toString('latin1', to, to + 2) !== '\r\n')
        throw new Error('a bulk string without CRLF')
      reply = { kind: '$', text: this.#bytes.toString('utf8', next, to) }
      next = to + 2
    }
    this.#bytes = this.#bytes.subarray(next)
    return reply
  }
}
