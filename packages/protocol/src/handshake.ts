import { Fields, isObject } from './fields.ts'
import { parseJson } from './json.ts'

/** A client's answer to the greeting. Absent members are '' or 0. Source: docs/protocol.md, "Handshake" */
export interface Hello {
  /** Protocol version; 0 when missing. */
  readonly v: number
  /** Not empty: a consumer. */
  readonly wid: string
  readonly hostname: string
  readonly pid: number
  readonly labels: readonly string[]
  readonly username: string
  readonly pwdhash: string
  readonly rssKb: number
}

const PREFIX = 'HELLO {'

/** @returns undefined when the line is no HELLO: the connection is to be closed */
export function parseHello(line: string): Hello | undefined {
  if (!line.startsWith(PREFIX)) return undefined
  const parsed = parseJson(line.slice(PREFIX.length - 1))
  if (!parsed.ok || !isObject(parsed.value)) return undefined
  const fields = new Fields(parsed.value)
  const hello: Hello = {
    v: fields.integer('v') ?? 0,
    wid: fields.text('wid'),
    hostname: fields.text('hostname'),
    pid: fields.integer('pid') ?? 0,
    labels: fields.texts('labels'),
    username: fields.text('username'),
    pwdhash: fields.text('pwdhash'),
    rssKb: fields.integer('rss_kb') ?? 0,
  }
  if (fields.wrong !== undefined || hello.v < 0 || hello.v > 255 || hello.wid.includes('\0')) {
    return undefined
  }
  return hello
}

/** SHA-256 of a text in UTF-8, or of bytes. */
export type Sha256 = (data: string | Uint8Array) => Uint8Array

/**
 * What a client sends for a password: SHA-256 of password and salt, then again over the raw bytes.
 * @param iterations hashes in all; 1 or less means one
 * @returns 64 lower-case hex digits
 */
export function passwordHash(
  sha256: Sha256,
  password: string,
  salt: string,
  iterations: number,
): string {
  let hash = sha256(password + salt)
  for (let i = 1; i < iterations; i += 1) hash = sha256(hash)
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Clients of a version before 2 hash once, whatever the server asked for (docs/protocol.md T5). */
export function expectedIterations(hello: Pick<Hello, 'v'>, offered: number): number {
  return hello.v < 2 ? 1 : offered
}
