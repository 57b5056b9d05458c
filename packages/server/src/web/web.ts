import { createHash, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { Hono, type MiddlewareHandler } from 'hono'
import type { Log } from '../log.ts'
import { StoreError, type StoreHealth } from '../store/store.ts'

export interface WebOptions {
  /** '' for none. Asked anew at each request, for it may change. */
  password(): string
  readonly log: Log
  health(): StoreHealth
  stopping(): boolean
  /** INFO's JSON. */
  info(): Promise<string>
  /** The part of INFO about the server alone. */
  server(): Record<string, string | number>
}

/** The routes of the HTTP port. */
export function webApp(options: WebOptions): Hono {
  const app = new Hono()
  const noCache = { 'Cache-Control': 'no-cache' }

  app.get('/healthz', (c) => c.text('ok\n', 200, noCache))
  app.get('/readyz', (c) => {
    const why = options.stopping() ? 'stopping' : reason(options.health())
    return c.text(`${why ?? 'ready'}\n`, why === undefined ? 200 : 503, noCache)
  })
  app.all('/health', (c) =>
    c.json({ now: new Date().toISOString(), server: options.server() }, 200, noCache),
  )
  app.all(
    '/stats',
    guard(() => options.password()),
    async (c) =>
      c.body(await options.info(), 200, { ...noCache, 'Content-Type': 'application/json' }),
  )
  app.notFound((c) => c.text('not found: there are /healthz, /readyz, /health and /stats\n', 404))
  app.onError((error, c) => {
    if (error instanceof StoreError) return c.text(`${error.message}\n`, 503, noCache)
    options.log.error({ err: error, path: c.req.path }, 'a request failed by a fault of the server')
    return c.text('internal error\n', 500)
  })
  return app
}

function reason(health: StoreHealth): string | undefined {
  switch (health.state) {
    case 'ready':
      return undefined
    case 'loading':
      return `loading ${health.percent} %`
    case 'unwritable':
      return `cannot write: ${health.reason}`
    case 'closed':
      return 'stopping'
  }
}

/** HTTP basic with any user name and the server's password. */
function guard(passwordNow: () => string): MiddlewareHandler {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return async (c, next) => {
    const password = passwordNow()
    if (password === '') return next()
    const [scheme, code = ''] = (c.req.header('Authorization') ?? '').split(' ')
    const sent = Buffer.from(code, 'base64').toString('utf8')
    const right = timingSafeEqual(digest(sent.slice(sent.indexOf(':') + 1)), digest(password))
    if (scheme?.toLowerCase() === 'basic' && right) return next()
    c.header('WWW-Authenticate', 'Basic realm="Jobmill", charset="UTF-8"')
    return c.text('Authorization required\n', 401)
  }
}

/** Few are needed, and connections of the command port must not run out of files for them. */
const CONNECTIONS_MAX = 64

/** Listens. Rejects as `listen` does. */
export function listenWeb(
  app: Hono,
  host: string,
  port: number,
): Promise<{ server: ServerType; address: string }> {
  return new Promise((resolve, reject) => {
    const server = serve(
      { fetch: app.fetch, port, ...(host === '' ? {} : { hostname: host }) },
      ({ address, family, port: real }: AddressInfo) => {
        resolve({ server, address: `${family === 'IPv6' ? `[${address}]` : address}:${real}` })
      },
    )
    server.once('error', reject)
    server.maxConnections = CONNECTIONS_MAX
  })
}
