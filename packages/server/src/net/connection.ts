import type { Socket } from 'node:net'
import { timingSafeEqual } from 'node:crypto'
import type { HelloInput } from '@jobmill/core'
import {
  errorReply,
  expectedIterations,
  greeting,
  isRefusal,
  isVerb,
  LIMITS,
  LineReader,
  NIL,
  OK,
  parseCommand,
  parseHello,
  refuse,
  verbOf,
  type Command,
  type Verb,
} from '@jobmill/protocol'
import type { Expected } from './challenges.ts'
import { HANDLERS, IN_TURN } from './commands/registry.ts'
import type { Context, Handler, Peer } from './context.ts'
import { Replies } from './replies.ts'

/** What a connection asks of the listener that took it. */
export interface Host {
  readonly context: Context
  /** The handshake is done. @returns false when there are too many: how many is then told */
  admit(connection: Connection): boolean
  readonly openConnections: number
  readonly commandBytes: number
  /** 'draining': ACK and FAIL are still answered. */
  readonly phase: 'running' | 'draining' | 'stopping'
  counted(verb: Verb): void
  /** Bytes of unfinished commands changed by so many. */
  holds(bytes: number): void
  /** Data is loading: calls back when it is there, or the patience for it is over. */
  afterLoading(go: () => void): void
  wrongProtocol(address: string, likely: string): void
  refusedPassword(connection: Connection): void
  closed(connection: Connection): void
}

/** Chunks that wait behind a command in its turn; past it the socket is not read. */
const BACKLOG_BYTES = 256 * 1024

/**
 * One TCP connection: reads lines, carries them out in order, and answers in order.
 *
 *     greeted ──HELLO──▶ open ──END, FIN, fault──▶ closing ──▶ closed
 */
export class Connection implements Peer {
  readonly address: string
  readonly openedAtMs: number
  hello: HelloInput | undefined
  wid = ''
  /** Past its handshake. */
  open = false
  /** Monotonic ms since which the peer reads none of its replies; 0 while it does. */
  stalledSinceMs = 0

  readonly #host: Host
  readonly #socket: Socket
  readonly #challenge: Expected | undefined
  readonly #replies: Replies
  readonly #reader: LineReader<Buffer>
  readonly #gone = new Set<() => void>()
  #backlog: Buffer[] = []
  #backlogBytes = 0
  #heldBytes = 0
  /** A command that those behind it wait for is under way. */
  #inTurn = false
  #working = false
  /** Nothing more will be read: the peer said END or FIN, or the server lets go. */
  #ending = false
  #closed = false
  #lastUnread = 0

  constructor(host: Host, socket: Socket, challenge: Expected | undefined, nowMs: number) {
    this.#host = host
    this.#socket = socket
    this.#challenge = challenge
    this.address = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`
    this.openedAtMs = nowMs
    this.#replies = new Replies(
      (text) => this.#write(text),
      () => this.#answered(),
    )
    this.#reader = new LineReader({
      limitBytes: LIMITS.helloBytes,
      concat: (parts) => Buffer.concat(parts),
    })
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('drain', () => this.#resume())
    socket.on('end', () => this.#ended())
    // What a reset connection had in hand needs no line in the log: probes and kills do it all day.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#closedNow())
    socket.write(greeting(challenge))
  }

  /** Bytes of commands that are not yet whole, or not yet carried out. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  onGone(gone: () => void): void {
    this.#gone.add(gone)
  }

  offGone(gone: () => void): void {
    this.#gone.delete(gone)
  }

  /** Closes without a word. */
  drop(): void {
    this.#ending = true
    this.#socket.destroy()
  }

  /** Answers what is in hand, reads no more, and closes. */
  finish(): void {
    if (this.#ending) return
    this.#ending = true
    this.#giveUpWaiting()
    this.#endWhenAnswered()
  }

  /** Tells a fault and closes. */
  refuseAndClose(text: string): void {
    if (this.#ending) return
    this.#replies.take()(text)
    this.finish()
  }

  /** Called now and then: notices a peer that reads nothing. @param nowMs monotonic */
  watch(nowMs: number): void {
    const unread = this.#socket.writableLength
    const stalled = unread > LIMITS.unreadReplyBytes && unread >= this.#lastUnread
    this.#lastUnread = unread
    if (!stalled) this.stalledSinceMs = 0
    else if (this.stalledSinceMs === 0) this.stalledSinceMs = nowMs
  }

  #take(chunk: Buffer): void {
    if (this.#ending) return
    this.#backlog.push(chunk)
    this.#backlogBytes += chunk.length
    this.#work()
    if (this.#backlogBytes > BACKLOG_BYTES) this.#socket.pause()
  }

  #resume(): void {
    if (this.#closed) return
    this.#work()
    if (this.#backlogBytes <= BACKLOG_BYTES && this.#socket.isPaused()) this.#socket.resume()
  }

  get #mayGoOn(): boolean {
    return (
      !this.#inTurn &&
      !this.#ending &&
      !this.#replies.full &&
      this.#socket.writableLength <= LIMITS.unreadReplyBytes
    )
  }

  /** Carries out all lines that are there, until one has to be waited for. */
  #work(): void {
    if (this.#working) return
    this.#working = true
    try {
      while (this.#mayGoOn) {
        const line = this.#nextLine()
        if (line === undefined) break
        if (this.open) this.#command(line)
        else this.#handshake(line)
      }
    } finally {
      this.#working = false
    }
    this.#account()
    this.#endWhenAnswered()
  }

  #nextLine(): string | undefined {
    for (;;) {
      const line = this.#reader.next()
      if (line !== undefined) return line
      if (this.#reader.tooLong) {
        this.#tooLong()
        return undefined
      }
      const chunk = this.#backlog.shift()
      if (chunk === undefined) return undefined
      this.#backlogBytes -= chunk.length
      if (!this.open && this.#isForeign(chunk)) return undefined
      this.#reader.push(chunk)
    }
  }

  #tooLong(): void {
    const { limitBytes } = this.#reader
    if (this.open) this.refuseAndClose(errorReply(refuse('COMMAND_TOO_LONG', String(limitBytes))))
    else this.drop()
  }

  /** TLS or HTTP on this port: the log names it, for the peer sees only a close. */
  #isForeign(chunk: Buffer): boolean {
    if (this.#reader.pendingBytes > 0) return false
    const tls = chunk[0] === 0x16 && chunk[1] === 0x03
    const http = /^(GET|POST|HEAD|PUT|OPTIONS|CONNECT) /.test(chunk.toString('latin1', 0, 8))
    if (!tls && !http) return false
    this.#host.wrongProtocol(this.address, tls ? 'TLS' : 'HTTP')
    this.drop()
    return true
  }

  #handshake(line: string): void {
    const said = parseHello(line)
    if (said === undefined) {
      this.drop()
      return
    }
    if (this.#challenge !== undefined && !isRight(said.pwdhash, this.#challenge, said.v)) {
      this.#host.refusedPassword(this)
      this.refuseAndClose(errorReply(refuse('INVALID_PASSWORD')))
      return
    }
    this.#replies.take()(OK)
    if (!this.#host.admit(this)) {
      const text = refuse('TOO_MANY_CONNECTIONS', String(this.#host.openConnections + 1))
      this.refuseAndClose(errorReply(text))
      return
    }
    this.open = true
    this.#reader.limitBytes = this.#host.commandBytes
    if (said.wid === '') return
    this.wid = said.wid
    const { wid, hostname, pid, labels, rssKb } = said
    this.hello = { wid, hostname, pid, labels, rssKb }
    this.#host.context.sessions.join(this, this.hello)
  }

  #command(line: string): void {
    const verb = verbOf(line)
    if (isVerb(verb)) this.#host.counted(verb)
    if (this.wid !== '') this.#host.context.sessions.heard(this.wid)
    if (verb === 'END') {
      this.finish()
      return
    }
    const { phase } = this.#host
    if (phase === 'stopping' || (phase === 'draining' && verb !== 'ACK' && verb !== 'FAIL')) {
      this.refuseAndClose(errorReply(refuse('SHUTDOWN')))
      return
    }
    const command = parseCommand(line)
    const reply = this.#replies.take()
    if (isRefusal(command)) reply(errorReply(command))
    else if (this.#host.context.store.health().state === 'loading') {
      this.#inTurn = true
      this.#host.afterLoading(() => this.#run(command, reply))
    } else this.#run(command, reply)
  }

  #run(command: Command, reply: (text: string) => void): void {
    if (command.verb === 'END') return
    if (!IN_TURN.has(command.verb)) {
      this.#handle(command, reply)
      this.#turnOver()
      return
    }
    this.#inTurn = true
    this.#handle(command, (text) => {
      reply(text)
      this.#turnOver()
    })
  }

  /** Lets the commands behind go on, if any waited. */
  #turnOver(): void {
    if (!this.#inTurn) return
    this.#inTurn = false
    if (!this.#working) this.#resume()
  }

  #handle(command: Exclude<Command, { verb: 'END' }>, reply: (text: string) => void): void {
    // The registry has for each verb the handler of that verb; the compiler cannot join the two.
    const handler = HANDLERS[command.verb] as Handler<Verb>
    try {
      handler(this.#host.context, this, command, reply)
    } catch (error) {
      this.#host.context.log.error(
        { err: error, peer: this.address, verb: command.verb },
        'a command failed by a fault of the server; please report it',
      )
      reply(command.verb === 'FETCH' ? NIL : errorReply(refuse('INTERNAL')))
    }
  }

  #account(): void {
    const held = this.#reader.pendingBytes + this.#backlogBytes
    if (held === this.#heldBytes) return
    const change = held - this.#heldBytes
    this.#heldBytes = held
    this.#host.holds(change)
  }

  #write(text: string): void {
    if (!this.#socket.writable) return
    this.#socket.write(text, 'utf8')
  }

  /** The peer's FIN: what it sent is carried out, a FETCH that waits is given up. */
  #ended(): void {
    this.#giveUpWaiting()
    this.#resume()
    if (!this.#inTurn) this.finish()
    else this.onGone(() => this.finish())
  }

  #giveUpWaiting(): void {
    for (const gone of [...this.#gone]) gone()
  }

  #endWhenAnswered(): void {
    if (!this.#ending || this.#closed || this.#replies.waiting > 0) return
    this.#replies.flush()
    this.#socket.end()
  }

  #answered(): void {
    if (this.#ending) this.#socket.end()
    // Commands waited for room among the replies.
    else if (this.#backlogBytes > 0) this.#resume()
  }

  #closedNow(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ending = true
    this.#backlog = []
    this.#backlogBytes = 0
    this.#reader.clear()
    this.#account()
    this.#giveUpWaiting()
    if (this.wid !== '') this.#host.context.sessions.leave(this, this.wid)
    this.#host.closed(this)
  }
}

function isRight(sent: string, challenge: Expected, version: number): boolean {
  const once = expectedIterations({ v: version }, challenge.iterations) === 1
  const expected = Buffer.from(once ? challenge.onceHash : challenge.hash)
  const given = Buffer.from(sent)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
