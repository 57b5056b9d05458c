import type { Refusal } from './errors.ts'
import { utf8Length } from './text.ts'

export const OK = '+OK\r\n'
/** FETCH with nothing; never `$0`, which crashes clients (docs/protocol.md T2). */
export const NIL = '$-1\r\n'

/** A bulk string; its length counts bytes of UTF-8. */
export function bulk(text: string): string {
  return `$${utf8Length(text)}\r\n${text}\r\n`
}

/** An error, on one line whatever its text holds. Clients know no other first word (docs/protocol.md T9). */
export function errorReply(refusal: Refusal): string {
  return `-ERR ${refusal.text.replace(/[\r\n]/g, ' ')}\r\n`
}

/** What a client has to hash its password with. */
export interface Challenge {
  readonly iterations: number
  readonly salt: string
}

/** The first line of a connection. Clients compare it as text: no blanks, no other key (docs/protocol.md T1). */
export function greeting(challenge?: Challenge): string {
  if (challenge === undefined) return '+HI {"v":2}\r\n'
  return `+HI {"v":2,"i":${challenge.iterations},"s":"${challenge.salt}"}\r\n`
}
