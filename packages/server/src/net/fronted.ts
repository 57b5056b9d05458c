import type { Socket } from 'node:net'
import { LIMITS } from '@jobmill/protocol'
import { ProxyReader } from './proxy-protocol.ts'

/** For the log, when no header or a wrong one came. */
export const NO_HEADER =
  'closed: no PROXY header, with which every connection begins while --proxy-protocol is set: ' +
  'let the front send it (haproxy: send-proxy-v2, nginx: proxy_protocol on, ' +
  'stunnel: protocol = proxy), or leave --proxy-protocol out'

/** What becomes of a connection behind a front. */
export interface Outcome {
  /** The header is read, and the socket gives what follows it. @param source undefined: the front itself */
  accepted(source: string | undefined): void
  /** The connection is closed. @param first the bytes that came instead of a header */
  refused(why: string, first: Buffer): void
}

/** Connections of which a front has still to say for whom they are. */
export class Fronted {
  readonly #sockets = new Set<Socket>()

  get size(): number {
    return this.#sockets.size
  }

  /** Reads the header. One that does not come in time, or not at all, is a close without a word. */
  take(socket: Socket, outcome: Outcome): void {
    const reader = new ProxyReader()
    const timer = setTimeout(() => socket.destroy(), LIMITS.helloMs)
    const drop = (): void => {
      socket.destroy()
    }
    const done = (): void => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
      socket.off('data', read).off('end', drop).off('error', drop).off('close', done)
    }
    const read = (chunk: Buffer): void => {
      const header = reader.push(chunk)
      if (header.state === 'unfinished') return
      done()
      if (header.state === 'wrong') {
        socket.on('error', drop).destroy()
        outcome.refused(header.why, chunk)
        return
      }
      socket.pause()
      if (header.rest.length > 0) socket.unshift(header.rest)
      outcome.accepted(header.source)
      socket.resume()
    }
    this.#sockets.add(socket)
    socket.on('data', read).on('end', drop).on('error', drop).on('close', done)
  }

  /** Lets go of all that wait. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
