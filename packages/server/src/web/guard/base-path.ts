const PREFIX = /^(?:\/[A-Za-z0-9._~-]+){1,8}$/

/**
 * The path under which a proxy shows the pages: of the `url` setting, else what the proxy says.
 * @param url the setting, '' for none   @param headers the request's
 * @returns '' or e.g. /ops/jobs
 */
export function prefixOf(url: string, headers: Headers): string {
  const said =
    url === ''
      ? (headers.get('X-Script-Name') ?? headers.get('X-Forwarded-Prefix') ?? '')
      : new URL(url).pathname
  const prefix = said.replace(/\/+$/, '')
  return PREFIX.test(prefix) ? prefix : ''
}

/** A request's path without the prefix: some proxies keep it, some take it off. */
export function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !(path === prefix || path.startsWith(`${prefix}/`))) return path
  return path.slice(prefix.length) || '/'
}
