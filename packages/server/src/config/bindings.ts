import { readFileSync } from 'node:fs'

/** Where to listen. */
export interface Address {
  /** '' for every address. */
  readonly host: string
  readonly port: number
}

/**
 * `localhost` means both loopback addresses, `:port` every address, port 0 a free one.
 * @returns undefined where it is neither
 */
export function parseBinding(text: string): Address[] | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  const host = match[1] ?? match[2] ?? ''
  if (host !== 'localhost') return [{ host, port }]
  return [{ host: '127.0.0.1', port }, ...(hasIpv6Loopback() ? [{ host: '::1', port }] : [])]
}

/** Without /proc: no, for what is missing then is only the second address. */
function hasIpv6Loopback(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001')
  } catch {
    return false
  }
}
