import { createHash } from 'node:crypto'
import net from 'node:net'
import tls from 'node:tls'

/** Where and as whom to connect. */
export interface FwpOptions {
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly password?: string
  /** Speaks TLS, to a front of the server. Absent: plain text. */
  readonly tls?: tls.ConnectionOptions
  /** Names a worker: makes the connection a consumer. Absent: a producer. */
  readonly wid?: string
  /** What the worker is labelled with. Absent: nothing. */
  readonly labels?: readonly string[]
}

/**
 * What came back for one command. `lost`: the connection ended before an answer, so the command
 * may or may not have been done. `text`: without the leading sign and the line end; of a bulk
 * reply its content.
 */
export type Reply = { readonly atMs: number; readonly endByte: number } & (
  | { readonly kind: 'simple' | 'error' | 'bulk'; readonly text: string }
  | { readonly kind: 'nil' | 'lost'; readonly text?: undefined }
)

const LF = 10
const NOTHING = Buffer.alloc(0)

/** A clock that never steps, in ms with a fraction, and the same one in every process (Linux). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** `pwdhash` of the HELLO. Source: Faktory's handshake, version 2. */
function passwordHash(password: string, salt: string, iterations: number): string {
  let hash = createHash('sha256')
    .update(password + salt)
    .digest()
  for (let i = 1; i < iterations; i += 1) hash = createHash('sha256').update(hash).digest()
  return hash.toString('hex')
}

/**
 * One connection of a Faktory client. Commands may be sent without waiting for answers; each gets
 * its own in order. It never throws for what the server does: a lost connection answers `lost`.
 */
export class FwpConnection {
  readonly #socket: net.Socket
  readonly #waiting: ((reply: Reply) => void)[] = []
  #firstWaiting = 0
  #rest: Buffer = NOTHING
  #readBytes = 0
  #open = true
  #corked = false
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  /** The port of this end: names the connection in the server's eyes. */
  readonly localPort: number

  private constructor(socket: net.Socket) {
    this.#socket = socket
    this.localPort = socket.localPort ?? 0
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lose()
        resolve()
      })
    })
  }

  /** Connects and says HELLO. Rejects when there is no server, or when it refuses. */
  static async open(options: FwpOptions): Promise<FwpConnection> {
    const { port, host = '127.0.0.1' } = options
    const socket =
      options.tls === undefined ? net.connect(port, host) : tls.connect(port, host, options.tls)
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls === undefined ? 'connect' : 'secureConnect', resolve)
      socket.once('error', reject)
    })
    const connection = new FwpConnection(socket)
    const greeting = await connection.#expect()
    if (greeting.kind !== 'simple' || !greeting.text.startsWith('HI ')) {
      connection.end()
      throw new Error(`no greeting: ${greeting.text ?? greeting.kind}`)
    }
    const hi = JSON.parse(greeting.text.slice(3)) as { i?: number; s?: string }
    const hello: Record<string, unknown> = { v: 2, hostname: 'test', pid: process.pid, labels: [] }
    if (options.labels !== undefined) hello['labels'] = options.labels
    if (options.wid !== undefined) hello['wid'] = options.wid
    if (hi.s !== undefined) {
      hello['pwdhash'] = passwordHash(options.password ?? '', hi.s, hi.i ?? 1)
    }
    const answer = await connection.send(`HELLO ${JSON.stringify(hello)}`)
    if (answer.kind !== 'simple') {
      connection.end()
      throw new Error(`HELLO refused: ${answer.text ?? answer.kind}`)
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Commands without an answer yet. */
  get unanswered(): number {
    return this.#waiting.length - this.#firstWaiting
  }

  /**
   * Sends one command and gives its answer. Those of one turn of the event loop leave together.
   * @param line without a line end
   */
  send(line: string): Promise<Reply> {
    if (!this.#open) return Promise.resolve({ kind: 'lost', atMs: monotonicMs(), endByte: 0 })
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(`${line}\r\n`)
    return this.#expect()
  }

  /** Says that nothing more will be sent; what comes back is still read. */
  finish(): void {
    this.#socket.end()
  }

  /** Drops the connection without a word. */
  end(): void {
    this.#socket.destroy()
  }

  #expect(): Promise<Reply> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #lose(): void {
    this.#open = false
    const lost = { kind: 'lost', atMs: monotonicMs(), endByte: 0 } as const
    const waiting = this.#waiting.splice(0).slice(this.#firstWaiting)
    this.#firstWaiting = 0
    for (const answer of waiting) answer(lost)
  }

  #read(chunk: Buffer): void {
    const atMs = monotonicMs()
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const end = data.indexOf(LF)
      if (end < 0) break
      const line = data.toString('utf8', 1, end - 1)
      const sign = String.fromCharCode(data[0] ?? 0)
      let used = end + 1
      let text: string | undefined = line
      if (sign === '$') {
        const size = Number(line)
        if (size >= 0) {
          if (data.length < used + size + 2) break
          text = data.toString('utf8', used, used + size)
          used += size + 2
        } else {
          text = undefined
        }
      }
      data = data.subarray(used)
      this.#readBytes += used
      this.#answer(sign, text, atMs)
    }
    this.#rest = data
  }

  #answer(sign: string, text: string | undefined, atMs: number): void {
    const waiting = this.#waiting[this.#firstWaiting]
    if (waiting === undefined) throw new Error(`an answer that nothing asked for: ${sign}${text}`)
    this.#firstWaiting += 1
    if (this.#firstWaiting > 1000) {
      this.#waiting.splice(0, this.#firstWaiting)
      this.#firstWaiting = 0
    }
    const endByte = this.#readBytes
    if (text === undefined) waiting({ kind: 'nil', atMs, endByte })
    else if (sign === '$') waiting({ kind: 'bulk', text, atMs, endByte })
    else if (sign === '+') waiting({ kind: 'simple', text, atMs, endByte })
    else waiting({ kind: 'error', text, atMs, endByte })
  }
}
