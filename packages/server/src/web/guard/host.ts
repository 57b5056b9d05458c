import { isIP } from 'node:net'

/**
 * Whether a request's Host may be answered where there is no password: a page of another site could
 * else name this server by a name of its own (DNS rebinding).
 * @param url the public address by setting, '' for none
 */
export function isOwnHost(host: string, url: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0) return true
  return url !== '' && new URL(url).hostname === name
}
