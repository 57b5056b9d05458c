import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { errorReply, LIMITS, refuse } from '@jobmill/protocol'
import { Challenges } from './challenges.ts'
import { Connection, type Host } from './connection.ts'
import type { Context } from './context.ts'
import { Fronted, NO_HEADER } from './fronted.ts'
import { FOREIGN, foreignProtocol, type Foreign } from './handshake.ts'
import { portFault } from './port-fault.ts'
import { peerName } from './proxy-protocol.ts'
import { Seldom } from './seldom.ts'

export interface ListenerOptions {
  readonly context: Context
  /** '' for none. */
  readonly password: string
  readonly commandBytes?: number
  /** Ms that nobody sets, for deadlines; the process's own if not given. */
  readonly monotonic?: () => number
  /** Every connection begins with a PROXY header, which says for whom it is. */
  readonly proxyProtocol?: boolean
}

/** One address to listen at; `host` '' means every address. */
export interface Binding {
  readonly host: string
  readonly port: number
}

/** How often deadlines are looked at, ms. */
const WATCH_MS = 250
/** A command waits so long for data that is loading. */
const LOADING_PATIENCE_MS = 2_000
/** While stopping, ACK and FAIL are answered for so long. */
const DRAIN_MS = 1_000
const BACKLOG = 4_096
/** Beside those that are open so many may be in their handshake; the rest of the descriptors is ours. */
const GREETING_MAX = 30
const SOCKETS = {
  allowHalfOpen: true,
  noDelay: true,
  // A machine that vanished keeps its sockets no longer than a few minutes.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
} as const

/** Takes connections and watches over all of them together. */
export class Listener implements Host {
  readonly context: Context
  readonly commandBytes: number
  phase: Host['phase'] = 'running'
  commandCount = 0

  readonly #monotonic: () => number
  #challenges: Challenges | undefined
  readonly #servers: Server[] = []
  readonly #connections = new Set<Connection>()
  readonly #connectionsMax: number
  readonly #socketsMax: number
  /** Undefined: peers speak for themselves. */
  readonly #fronted: Fronted | undefined
  readonly #seldom = new Seldom()
  #admitted = 0
  #heldBytes = 0
  #loadingWaits = new Set<() => void>()
  #watch: NodeJS.Timeout | undefined

  constructor(options: ListenerOptions) {
    this.context = options.context
    this.commandBytes = options.commandBytes ?? LIMITS.commandBytes
    this.#monotonic = options.monotonic ?? (() => performance.now())
    this.usePassword(options.password)
    if (options.proxyProtocol === true) this.#fronted = new Fronted()
    this.#connectionsMax = Math.min(LIMITS.connections, Math.max(10, openFilesMax() - 100))
    this.#socketsMax = this.#connectionsMax + Math.min(GREETING_MAX, this.#connectionsMax)
  }

  /** For connections to come; who is connected stays. @param password '' for none */
  usePassword(password: string): void {
    this.#challenges = password === '' ? undefined : new Challenges(password)
  }

  /** Connections past their handshake. */
  get openConnections(): number {
    return this.#admitted
  }

  /** Listens at all of these. Rejects with what is wrong and what to do. @returns where, with real ports */
  async listen(bindings: readonly Binding[]): Promise<string[]> {
    const addresses: string[] = []
    let port = 0
    for (const binding of bindings) {
      // Port 0 is one free port for all addresses of the same name.
      const server = await this.#listenAt(binding.host, binding.port === 0 ? port : binding.port)
      const address = server.address() as AddressInfo
      port = address.port
      addresses.push(
        `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${port}`,
      )
    }
    this.#watch = setInterval(() => this.#look(), WATCH_MS)
    return addresses
  }

  /** Answers what is in hand and closes everything; takes a little over a second at most. */
  async stop(): Promise<void> {
    this.phase = 'draining'
    for (const server of this.#servers) server.close()
    this.#fronted?.drop()
    this.context.waiting.giveUpAll()
    this.#goOn()
    const until = performance.now() + DRAIN_MS
    while (this.#connections.size > 0 && performance.now() < until) await pause(20)
    this.phase = 'stopping'
    for (const connection of this.#connections) connection.finish()
    for (let i = 0; this.#connections.size > 0 && i < 50; i += 1) await pause(20)
    for (const connection of this.#connections) connection.drop()
    clearInterval(this.#watch)
  }

  admit(): boolean {
    if (this.#admitted >= this.#connectionsMax) {
      this.#tooMany()
      return false
    }
    this.#admitted += 1
    if (this.#admitted === Math.floor(this.#connectionsMax * 0.8)) {
      this.#seldom.say('connections80', () =>
        this.context.log.warn(
          { connections: this.#admitted, limit: this.#connectionsMax },
          'four fifths of the connections that are allowed are open',
        ),
      )
    }
    return true
  }

  counted(): void {
    this.commandCount += 1
  }

  holds(bytes: number): void {
    this.#heldBytes += bytes
    if (this.#heldBytes <= LIMITS.unfinishedBytes) return
    let longest: Connection | undefined
    for (const connection of this.#connections) {
      if (connection.heldBytes > (longest?.heldBytes ?? 0)) longest = connection
    }
    this.#seldom.say('unfinished', () =>
      this.context.log.warn(
        { peer: longest?.address, bytes: longest?.heldBytes },
        'unfinished commands of all connections together are too long: the longest is refused',
      ),
    )
    longest?.refuseAndClose(refuse('COMMANDS_TOO_LONG', String(LIMITS.unfinishedBytes)))
  }

  afterLoading(go: () => void): void {
    const once = (): void => {
      clearTimeout(timer)
      if (this.#loadingWaits.delete(once)) go()
    }
    const timer = setTimeout(once, LOADING_PATIENCE_MS)
    this.#loadingWaits.add(once)
  }

  /** The data is there. */
  loaded(): void {
    this.#goOn()
  }

  wrongProtocol(address: string, likely: Foreign): void {
    this.#seldom.say(`protocol ${likely}`, () =>
      this.context.log.warn(
        { peer: address },
        `${likely} on the command port, which speaks plain FWP: ${FOREIGN[likely]}`,
      ),
    )
  }

  refusedPassword(address: string): void {
    this.#seldom.say(`password ${address.replace(/:\d+$/, '')}`, () =>
      this.context.log.warn(
        { peer: address },
        'password hash did not match: check the password in the client FAKTORY_URL',
      ),
    )
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
    if (connection.open) this.#admitted -= 1
  }

  #listenAt(host: string, port: number): Promise<Server> {
    const server = createServer(SOCKETS, (socket) => {
      if (this.phase !== 'running') {
        socket.destroy()
        return
      }
      const unnamed = this.#fronted?.size ?? 0
      if (this.#connections.size + unnamed >= this.#socketsMax) this.#turnAway(socket)
      else if (this.#fronted === undefined) this.#connected(socket, undefined)
      else this.#behindFront(this.#fronted, socket)
    })
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(portFault(error, host, port)))
      server.listen({ ...(host === '' ? {} : { host }), port, backlog: BACKLOG }, () => {
        server.removeAllListeners('error')
        // Out of file descriptors: those who are connected go on.
        server.on('error', (error) =>
          this.#seldom.say('accept', () =>
            this.context.log.error({ err: error }, 'a connection could not be accepted'),
          ),
        )
        this.#servers.push(server)
        resolve(server)
      })
    })
  }

  /** A peer that has no place even for a handshake is told so instead of the greeting. */
  #turnAway(socket: Socket): void {
    this.#tooMany()
    socket.on('error', () => socket.destroy())
    const refusal = refuse('TOO_MANY_CONNECTIONS', String(this.#connections.size + 1))
    socket.end(errorReply(refusal), () => socket.destroy())
  }

  #tooMany(): void {
    this.#seldom.say('connections', () =>
      this.context.log.warn(
        { limit: this.#connectionsMax },
        'too many connections: raise ulimit -n, or let workers share connections',
      ),
    )
  }

  #behindFront(fronted: Fronted, socket: Socket): void {
    const front = nameOf(socket)
    fronted.take(socket, {
      accepted: (source) => this.#connected(socket, source),
      refused: (why, first) => {
        const likely = foreignProtocol(first)
        if (likely === 'TLS' || likely === 'HTTP') this.wrongProtocol(front, likely)
        else {
          this.#seldom.say('front', () => this.context.log.warn({ peer: front, why }, NO_HEADER))
        }
      },
    })
  }

  /** @param source for whom a front speaks; undefined: the peer speaks for itself */
  #connected(socket: Socket, source: string | undefined): void {
    const address = source ?? nameOf(socket)
    this.#connections.add(
      new Connection(this, socket, address, this.#challenges?.next(), this.#monotonic()),
    )
  }

  #look(): void {
    const nowMs = this.#monotonic()
    for (const connection of this.#connections) {
      if (!connection.open) {
        if (nowMs - connection.openedAtMs > LIMITS.helloMs - WATCH_MS) connection.drop()
        continue
      }
      if (!connection.isStuck(nowMs)) continue
      if (!connection.isEnding) {
        this.context.log.warn({ peer: connection.address }, 'closed: it reads none of its replies')
      }
      connection.drop()
    }
  }

  #goOn(): void {
    for (const once of [...this.#loadingWaits]) once()
  }
}

const nameOf = (socket: Socket): string =>
  peerName(socket.remoteAddress ?? '', socket.remotePort ?? 0)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** `ulimit -n`; without /proc a value that never limits. */
function openFilesMax(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line?.[1] === undefined ? Infinity : Number(line[1])
  } catch {
    return Infinity
  }
}
