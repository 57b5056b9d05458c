import { createHash, timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import type { Env, Web } from '../context.ts'
import type { Caller } from './caller.ts'

/** So many wrong passwords of one address in a minute, then none is looked at for a minute. */
const TRIES_MAX = 10
const MINUTE_MS = 60_000
/** Addresses remembered. */
const ADDRESSES_MAX = 10_000

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

/** Name and password of a request: HTTP basic with any name, or the password as a bearer token. */
function credentials(header: string | undefined): { user: string; password: string } | undefined {
  const text = header ?? ''
  const blank = text.indexOf(' ')
  const [scheme, code] = [text.slice(0, blank), text.slice(blank + 1)]
  if (scheme.toLowerCase() === 'bearer') return { user: '', password: code }
  if (scheme.toLowerCase() !== 'basic') return undefined
  const both = Buffer.from(code, 'base64').toString('utf8')
  const colon = both.indexOf(':')
  return { user: both.slice(0, Math.max(0, colon)), password: both.slice(colon + 1) }
}

/** Where a request came from; 'unknown' without a socket. */
export function addressOf(c: Context<Env>): string {
  try {
    return getConnInfo(c).remote.address ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

/** Knows passwords, and slows those who guess them. */
export class Guard {
  readonly #web: Web
  readonly #wrong = new Map<string, { count: number; sinceMs: number }>()

  constructor(web: Web) {
    this.#web = web
  }

  /** The caller of a request, or the answer that refuses it. */
  check(c: Context<Env>): Caller | Response {
    const { password, readonlyPassword, readonly } = this.#web.settings()
    const role = readonly ? 'reader' : 'admin'
    if (password === '') return { role, user: '' }
    const address = addressOf(c)
    if (this.#slowed(address)) {
      c.header('Retry-After', '60')
      return c.text('Too many wrong passwords from this address: wait a minute\n', 429)
    }
    const sent = credentials(c.req.header('Authorization'))
    if (sent !== undefined) {
      if (same(sent.password, password)) return { role, user: sent.user }
      if (readonlyPassword !== '' && same(sent.password, readonlyPassword)) {
        return { role: 'reader', user: sent.user }
      }
      this.#failed(address)
    }
    c.header('WWW-Authenticate', 'Basic realm="Jobmill", charset="UTF-8"')
    return c.text('Authorization required\n', 401)
  }

  #slowed(address: string): boolean {
    const wrong = this.#wrong.get(address)
    if (wrong === undefined) return false
    if (this.#web.clock.now() - wrong.sinceMs < MINUTE_MS) return wrong.count >= TRIES_MAX
    this.#wrong.delete(address)
    return false
  }

  #failed(address: string): void {
    const nowMs = this.#web.clock.now()
    const wrong = this.#wrong.get(address)
    if (wrong === undefined) {
      if (this.#wrong.size >= ADDRESSES_MAX) this.#wrong.clear()
      this.#wrong.set(address, { count: 1, sinceMs: nowMs })
      return
    }
    wrong.count += 1
    if (wrong.count < TRIES_MAX) return
    wrong.sinceMs = nowMs
    this.#web.log.warn({ address }, `${TRIES_MAX} wrong passwords for the pages: a minute's pause`)
  }
}
