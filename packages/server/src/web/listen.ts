import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Env } from './context.ts'

/** Few are needed, and connections of the command port must not run out of files for them. */
const CONNECTIONS_MAX = 256
const HEADERS_BYTES_MAX = 16 * 1024
const HEADERS_MS = 5_000
/** A request that does not come to its end gives its connection back. */
const REQUEST_MS = 20_000
/** How often that is looked at. */
const LOOK_MS = 1_000

/** Listens. Rejects as `listen` does. */
export function listenWeb(
  app: Hono<Env>,
  host: string,
  port: number,
): Promise<{ server: ServerType; address: string }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        port,
        ...(host === '' ? {} : { hostname: host }),
        serverOptions: {
          maxHeaderSize: HEADERS_BYTES_MAX,
          headersTimeout: HEADERS_MS,
          requestTimeout: REQUEST_MS,
          connectionsCheckingInterval: LOOK_MS,
        },
      },
      ({ address, family, port: real }: AddressInfo) => {
        resolve({ server, address: `${family === 'IPv6' ? `[${address}]` : address}:${real}` })
      },
    )
    server.once('error', reject)
    server.maxConnections = CONNECTIONS_MAX
  })
}
