import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Caller } from './caller.ts'

const DAY_MS = 86_400_000

/**
 * The token of a person's forms. No session exists, so it is bound to role, user and day.
 * Source: docs/web-ui.md, "Requests from other sites"
 */
export function formToken(secret: string, caller: Caller, nowMs: number): string {
  return tokenOf(secret, caller, Math.floor(nowMs / DAY_MS))
}

/** Today's token, or yesterday's for a page that was open at midnight. */
export function knowsToken(token: string, secret: string, caller: Caller, nowMs: number): boolean {
  const day = Math.floor(nowMs / DAY_MS)
  const sent = Buffer.from(token)
  return [day, day - 1].some((one) => {
    const right = Buffer.from(tokenOf(secret, caller, one))
    return right.length === sent.length && timingSafeEqual(right, sent)
  })
}

function tokenOf(secret: string, { role, user }: Caller, day: number): string {
  const text = JSON.stringify([role, user, day])
  return createHmac('sha256', secret).update(text).digest('base64url')
}

export interface Origin {
  /** The request's. */
  readonly headers: Headers
  /** The public address by setting, '' for none. */
  readonly url: string
}

/** Why a changing request is refused, in words for its sender; undefined: it comes from our pages. */
export function crossSite({ headers, url }: Origin, strict: boolean): string | undefined {
  const site = headers.get('Sec-Fetch-Site')
  if (site !== null) {
    if (site === 'same-origin' || site === 'none') return undefined
    return `The browser says that this request came from another site (Sec-Fetch-Site: ${site}).`
  }
  const origin = headers.get('Origin')
  if (origin === null) return undefined
  if (origin === 'null')
    return strict ? 'The browser hides where this request came from.' : undefined
  const hosts = [headers.get('Host'), url === '' ? null : new URL(url).host]
  // The scheme does not count: a proxy may have ended TLS.
  const from = URL.canParse(origin) ? new URL(origin).host : ''
  if (from !== '' && hosts.includes(from)) return undefined
  return `This request came from ${origin}, and this server is ${hosts[0] ?? 'unknown'}.`
}

/** Whether a browser sent it: then a form needs its token. */
export function fromBrowser(headers: Headers): boolean {
  return ['Cookie', 'Origin', 'Sec-Fetch-Site'].some((name) => headers.has(name))
}
