// No segment of dots alone: browsers take those for folders of a path.
const PREFIX = /^(?:\/(?!\.+(?:\/|$))[A-Za-z0-9._~-]+){1,8}$/

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

/**
 * A request's path without the prefix: some proxies keep it, some take it off.
 * @param isOurs whether a path can begin with this segment: under the prefix /jobs a job's page,
 * /jobs/JID, comes from a proxy that took the prefix off
 */
export function withoutPrefix(
  path: string,
  prefix: string,
  isOurs: (segment: string) => boolean,
): string {
  if (prefix === '' || !(path === prefix || path.startsWith(`${prefix}/`))) return path
  const rest = path.slice(prefix.length) || '/'
  return isOurs(rest.split('/')[1] ?? '') ? rest : path
}
