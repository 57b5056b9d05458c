import { timingSafeEqual } from 'node:crypto'
import { expectedIterations, type Hello } from '@jobmill/protocol'
import type { Expected } from './challenges.ts'
import { beginsProxyHeader } from './proxy-protocol.ts'

/** What a peer speaks whose first bytes are no FWP, for the log: it sees only a close. */
export type Foreign = 'TLS' | 'HTTP' | 'PROXY'

/** What to do about each. */
export const FOREIGN: Record<Foreign, string> = {
  TLS: 'let a front such as haproxy, nginx or stunnel end TLS, see docs/tls.md',
  HTTP: 'the pages are on the web port',
  PROXY: 'a front sends the PROXY protocol: set --proxy-protocol, or turn it off there',
}

/** @param chunk the first bytes of a connection */
export function foreignProtocol(chunk: Buffer): Foreign | undefined {
  if (chunk[0] === 0x16 && chunk[1] === 0x03) return 'TLS'
  if (beginsProxyHeader(chunk)) return 'PROXY'
  return /^(GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT) /.test(chunk.toString('latin1', 0, 8))
    ? 'HTTP'
    : undefined
}

/** Whether a peer knows the password, in constant time. */
export function knowsPassword(hello: Hello, challenge: Expected): boolean {
  const once = expectedIterations(hello, challenge.iterations) === 1
  const expected = Buffer.from(once ? challenge.onceHash : challenge.hash)
  const given = Buffer.from(hello.pwdhash)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
