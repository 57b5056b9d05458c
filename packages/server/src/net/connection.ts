import type { Socket } from 'node:net'
import type { HelloInput } from '@jobmill/core'
import {
  errorReply,
  greeting,
  isRefusal,
  isVerb,
  LIMITS,
  NIL,
  OK,
  parseCommand,
  parseHello,
  refuse,
  verbOf,
  type Command,
  type Refusal,
  type Verb,
} from '@jobmill/protocol'
import type { Expected } from './challenges.ts'
import { HANDLERS, IN_TURN } from './commands/registry.ts'
import type { Context, Handler, Peer } from './context.ts'
import { foreignProtocol, knowsPassword, type Foreign } from './handshake.ts'
import { Inbox } from './inbox.ts'
import { Replies } from './replies.ts'

/** What a connection asks of the listener that took it. */
export interface Host {
  readonly context: Context
  /** The handshake is done. @returns false when there are too many: how many is then told */
  admit(): boolean
  readonly openConnections: number
  readonly commandBytes: number
  /** 'draining': ACK and FAIL are still answered. */
  readonly phase: 'running' | 'draining' | 'stopping'
  /** A known command came, whether it is carried out or refused. */
  counted(): void
  /** Bytes of unfinished commands changed by so many. */
  holds(bytes: number): void
  /** Data is loading: calls back when it is there, or the patience for it is over. */
  afterLoading(go: () => void): void
  wrongProtocol(address: string, likely: Foreign): void
  refusedPassword(address: string): void
  closed(connection: Connection): void
}

/** After the last reply, a peer that neither reads nor closes keeps its connection so long. */
const LINGER_MS = 5_000

/**
 * One TCP connection: reads lines, carries them out in order, and answers in order.
 *
 *     greeted ──HELLO──▶ open ──END, FIN, fault──▶ ending ──▶ closed
 */
export class Connection implements Peer {
  readonly address: string
  /** Monotonic ms. */
  readonly openedAtMs: number
  hello: HelloInput | undefined
  wid = ''
  /** Past its handshake. */
  open = false
  /** The peer said FIN: it gets replies, but no more jobs. */
  leaving = false

  readonly #host: Host
  readonly #socket: Socket
  readonly #challenge: Expected | undefined
  readonly #replies: Replies
  readonly #inbox = new Inbox()
  readonly #gone = new Set<() => void>()
  #heldBytes = 0
  #greeted = false
  /** A command that those behind it wait for is under way. */
  #inTurn = false
  #working = false
  /** Lines may be left that have to wait: for a command in its turn, or for room. */
  #blocked = false
  /** Nothing more will be read: the peer said END, or the server lets go. */
  #ending = false
  #closed = false
  #unreadBytes = 0
  #queuedBefore = 0
  /** Monotonic ms since which nothing moves that should; 0 while all is well. */
  #stuckSinceMs = 0

  /** @param address for whom it is, as the log shows it. @param nowMs monotonic */
  constructor(
    host: Host,
    socket: Socket,
    address: string,
    challenge: Expected | undefined,
    nowMs: number,
  ) {
    this.#host = host
    this.#socket = socket
    this.#challenge = challenge
    this.address = address
    this.openedAtMs = nowMs
    this.#replies = new Replies(
      (text) => this.#write(text),
      () => this.#written(),
    )
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('drain', () => this.#resume())
    socket.on('end', () => this.#left())
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
    this.#inbox.clear()
    this.#account()
    this.#giveUpWaiting()
    this.#endWhenAnswered()
  }

  /** Tells a fault, behind the replies that are due, and closes. */
  refuseAndClose(refusal: Refusal): void {
    if (this.#ending) return
    this.#replies.take(0)(errorReply(refusal))
    this.finish()
  }

  /**
   * Called now and then. @param nowMs monotonic
   * @returns whether the peer reads nothing of what it is sent, for too long
   */
  isStuck(nowMs: number): boolean {
    const unread = this.#socket.writableLength
    const queued = this.#queuedBytes
    const moves = unread < this.#unreadBytes || queued !== this.#queuedBefore
    this.#unreadBytes = unread
    this.#queuedBefore = queued
    const lingers = this.#ending && this.#replies.waiting === 0
    if (moves || !(lingers || unread > LIMITS.unreadReplyBytes)) this.#stuckSinceMs = 0
    else if (this.#stuckSinceMs === 0) this.#stuckSinceMs = nowMs
    const patienceMs = lingers ? LINGER_MS : LIMITS.stalledMs
    return this.#stuckSinceMs !== 0 && nowMs - this.#stuckSinceMs > patienceMs
  }

  get isEnding(): boolean {
    return this.#ending
  }

  #take(chunk: Buffer): void {
    if (this.#ending) return
    if (!this.#greeted) {
      this.#greeted = true
      const foreign = foreignProtocol(chunk)
      if (foreign !== undefined) {
        this.#host.wrongProtocol(this.address, foreign)
        this.drop()
        return
      }
    }
    this.#inbox.push(chunk)
    this.#work()
    if (this.#inbox.isFull && !this.#ending) this.#socket.pause()
  }

  #resume(): void {
    if (this.#closed || this.#working) return
    this.#work()
    if (!this.#inbox.isFull && this.#socket.isPaused()) this.#socket.resume()
  }

  /** Bytes of replies that the peer has not read, or will not have: those of this turn too. */
  get #unread(): number {
    return this.#socket.writableLength + this.#replies.heldLength
  }

  /**
   * Of what was given to the system, the part that it has not taken yet. `writableLength` counts a
   * write as a whole until its last byte: a long reply over a slow link would look stuck. No public
   * member tells; Node's own socket time-out looks at this one.
   */
  get #queuedBytes(): number {
    const { _handle: handle } = this.#socket as Socket & {
      readonly _handle?: { readonly writeQueueSize?: number } | null
    }
    return handle?.writeQueueSize ?? 0
  }

  get #mayGoOn(): boolean {
    return (
      !this.#inTurn &&
      !this.#ending &&
      !this.#replies.full &&
      this.#unread <= LIMITS.unreadReplyBytes
    )
  }

  /** Carries out all lines that are there, until one has to be waited for. */
  #work(): void {
    if (this.#working) return
    this.#working = true
    try {
      this.#blocked = this.#carryOut()
    } catch (error) {
      // A bug. It costs this connection, whose state nobody can vouch for, and no other.
      this.#fault(error, 'a connection failed by a fault of the server; please report it')
      this.drop()
    }
    this.#working = false
    this.#account()
    if (this.leaving && !this.#blocked) this.finish()
  }

  /** @returns whether lines may be left */
  #carryOut(): boolean {
    while (this.#mayGoOn) {
      const line = this.#inbox.next()
      if (line === undefined) {
        if (this.#inbox.tooLong) this.#tooLong()
        return false
      }
      if (this.open) this.#command(line)
      else this.#handshake(line)
    }
    return !this.#ending
  }

  #tooLong(): void {
    const limit = String(this.#inbox.limitBytes)
    if (this.open) this.refuseAndClose(refuse('COMMAND_TOO_LONG', limit))
    else this.drop()
  }

  #handshake(line: string): void {
    const said = parseHello(line)
    if (said === undefined) {
      this.drop()
      return
    }
    if (this.#challenge !== undefined && !knowsPassword(said, this.#challenge)) {
      this.#host.refusedPassword(this.address)
      this.refuseAndClose(refuse('INVALID_PASSWORD'))
      return
    }
    this.#replies.take(0)(OK)
    if (!this.#host.admit()) {
      this.refuseAndClose(refuse('TOO_MANY_CONNECTIONS', String(this.#host.openConnections + 1)))
      return
    }
    this.open = true
    this.#inbox.limitBytes = this.#host.commandBytes
    if (said.wid === '') return
    this.wid = said.wid
    const { wid, hostname, pid, labels, rssKb } = said
    this.hello = { wid, hostname, pid, labels, rssKb, address: this.address }
    this.#host.context.sessions.join(this, this.hello)
  }

  #command(line: string): void {
    const verb = verbOf(line)
    if (isVerb(verb)) this.#host.counted()
    if (this.wid !== '') this.#host.context.sessions.heard(this.wid)
    if (verb === 'END') {
      this.finish()
      return
    }
    const { phase } = this.#host
    if (phase === 'stopping' || (phase === 'draining' && verb !== 'ACK' && verb !== 'FAIL')) {
      this.refuseAndClose(refuse('SHUTDOWN'))
      return
    }
    const command = parseCommand(line)
    const reply = this.#replies.take(line.length)
    if (isRefusal(command)) reply(errorReply(command))
    // A FETCH waits anyway, no longer than one otherwise does.
    else if (verb !== 'FETCH' && this.#host.context.store.health().state === 'loading') {
      this.#inTurn = true
      this.#host.afterLoading(() => this.#run(command, reply))
    } else this.#run(command, reply)
  }

  #run(command: Command, reply: (text: string) => void): void {
    // Gone while data was loading: nothing was promised.
    if (this.#closed || command.verb === 'END') return
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
    this.#resume()
  }

  #handle(command: Exclude<Command, { verb: 'END' }>, reply: (text: string) => void): void {
    // The registry has for each verb the handler of that verb; the compiler cannot join the two.
    const handler = HANDLERS[command.verb] as Handler<Verb>
    try {
      handler(this.#host.context, this, command, reply)
    } catch (error) {
      this.#fault(error, `${command.verb} failed by a fault of the server; please report it`)
      reply(command.verb === 'FETCH' ? NIL : errorReply(refuse('INTERNAL')))
    }
  }

  #fault(error: unknown, message: string): void {
    this.#host.context.log.error({ err: error, peer: this.address, wid: this.wid }, message)
  }

  #account(): void {
    const held = this.#closed ? 0 : this.#inbox.heldBytes
    if (held === this.#heldBytes) return
    const change = held - this.#heldBytes
    this.#heldBytes = held
    this.#host.holds(change)
  }

  #write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text, 'utf8')
  }

  /** The peer's FIN: what it sent is carried out and answered, a FETCH that waits is given up. */
  #left(): void {
    this.leaving = true
    this.#giveUpWaiting()
    this.#resume()
  }

  #giveUpWaiting(): void {
    for (const gone of [...this.#gone]) gone()
  }

  #endWhenAnswered(): void {
    if (!this.#ending || this.#closed || this.#replies.waiting > 0) return
    this.#replies.flush()
    this.#socket.end()
  }

  #written(): void {
    if (this.#ending) this.#endWhenAnswered()
    else if (this.#blocked) this.#resume()
  }

  #closedNow(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ending = true
    this.#inbox.clear()
    this.#account()
    this.#giveUpWaiting()
    if (this.wid !== '') this.#host.context.sessions.leave(this, this.wid)
    this.#host.closed(this)
  }
}
