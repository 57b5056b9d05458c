import { connect, type Socket } from 'node:net'

/** A socket that sends any bytes, reads only while it is told to, and keeps what came. */
export class RawPeer {
  static readonly #open = new Set<RawPeer>()
  readonly #socket: Socket
  #text = ''
  #ended = false
  #closed = false
  #changed: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    RawPeer.#open.add(this)
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1')
      this.#changed()
    })
    // A reset counts as a close.
    socket.on('error', () => undefined)
    socket.on('end', () => {
      this.#ended = true
      this.#changed()
    })
    socket.on('close', () => {
      this.#closed = true
      RawPeer.#open.delete(this)
      this.#changed()
    })
  }

  /** @param port on 127.0.0.1 */
  static connect(port: number): Promise<RawPeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new RawPeer(socket)))
    })
  }

  /** Connects and says HELLO; what came so far is dropped. @param more further members, as `"wid":"w"` */
  static async greet(port: number, more = ''): Promise<RawPeer> {
    const peer = await RawPeer.connect(port)
    peer.send(`HELLO {"v":2${more === '' ? '' : `,${more}`}}\r\n`)
    await peer.until(/\+OK\r\n/)
    peer.forget()
    return peer
  }

  /** For the end of a test: a server that stops waits for those who are connected. */
  static dropAll(): void {
    for (const peer of RawPeer.#open) peer.drop()
  }

  /** What came and was not forgotten, a character a byte. */
  get text(): string {
    return this.#text
  }

  /** The server will send nothing more. */
  get ended(): boolean {
    return this.#ended || this.#closed
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Resolves when the bytes have left this process. */
  sent(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => resolve())
    })
  }

  forget(): void {
    this.#text = ''
  }

  /** Stops reading: what the server sends piles up there. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Says that nothing more will be sent; goes on reading. */
  end(): void {
    this.#socket.end()
  }

  drop(): void {
    this.#socket.destroy()
  }

  /** Waits until what came fits. Rejects, with what came, when the server ends before. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      if (pattern.test(this.#text)) return this.#text
      if (this.ended) {
        throw new Error(`the server ended after ${JSON.stringify(this.#text.slice(-500))}`)
      }
      await this.#change()
    }
  }

  /** Waits until the server has ended. @returns all that came */
  async untilEnd(): Promise<string> {
    while (!this.ended) await this.#change()
    return this.#text
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }
}
