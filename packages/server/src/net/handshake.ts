import { timingSafeEqual } from 'node:crypto'
import { expectedIterations, type Hello } from '@jobmill/protocol'
import type { Expected } from './challenges.ts'

/** What a peer speaks whose first bytes are no FWP, for the log: it sees only a close. */
export type Foreign = 'TLS' | 'HTTP'

/** @param chunk the first bytes of a connection */
export function foreignProtocol(chunk: Buffer): Foreign | undefined {
  if (chunk[0] === 0x16 && chunk[1] === 0x03) return 'TLS'
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
