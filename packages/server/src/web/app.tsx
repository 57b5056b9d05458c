import { randomUUID } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { FilterError } from '../filter/parse.ts'
import { StoreError, type StoreHealth } from '../store/store.ts'
import { Flashes } from './actions/flash.ts'
import { MassActions } from './actions/mass.ts'
import { actionRoutes } from './actions/routes.ts'
import { apiRoutes } from './api/routes.ts'
import { serveAsset } from './assets.ts'
import type { Env, Web } from './context.ts'
import { Guard } from './guard/auth.ts'
import { prefixOf, withoutPrefix } from './guard/base-path.ts'
import type { Caller } from './guard/caller.ts'
import { formToken } from './guard/csrf.ts'
import { isOwnHost } from './guard/host.ts'
import { FormSecret } from './guard/secret.ts'
import { pageRoutes } from './pages/routes.tsx'
import { messagePage } from './pages/small.tsx'
import { layout } from './parts/layout.tsx'
import { readPreferences } from './preferences.ts'
import { Prometheus } from './prometheus.ts'
import type { Tools } from './tools.ts'
import { View } from './view.ts'

/** Requests at once; more get 503, for the command port must not wait for pages. */
const IN_FLIGHT_MAX = 100
/** Of any request; forms have a lower limit of their own. */
const BODY_BYTES_MAX = 8 * 1024 * 1024
const NO_CACHE = { 'Cache-Control': 'no-cache' }

/** The HTTP port: probes, pages, actions and the JSON API. */
export function webApp(web: Web): Hono<Env> {
  let segments: ReadonlySet<string> | undefined
  const isOurs = (segment: string): boolean => (segments ??= firstSegments(app)).has(segment)
  const app: Hono<Env> = new Hono<Env>({
    getPath: (request) => {
      const prefix = prefixOf(web.settings().url, request.headers)
      return withoutPrefix(new URL(request.url).pathname, prefix, isOurs)
    },
  })
  const guard = new Guard(web)
  const tools: Tools = {
    web,
    mass: new MassActions(web.store),
    flashes: new Flashes(),
    secret: new FormSecret(web.store),
  }
  let inFlight = 0

  app.use(async (c, next) => {
    if (inFlight >= IN_FLIGHT_MAX) return c.text('too many requests at once\n', 503, NO_CACHE)
    inFlight += 1
    try {
      return await next()
    } finally {
      inFlight -= 1
    }
  })
  app.use(headers)
  app.get('/static/:name', serveAsset)
  probes(app, web)

  app.use(async (c, next) => {
    const { password, url } = web.settings()
    if (password === '' && !isOwnHost(c.req.header('Host') ?? '', url)) {
      return c.text(
        `There is no ${c.req.header('Host')} here. Without a password only localhost and IP ` +
          'addresses are answered: set a password, or [web] url.\n',
        421,
      )
    }
    // Faktory's JSON is open to all; the page of the same name is not.
    if (isOpenHealth(c)) {
      const facts = { now: new Date().toISOString(), server: web.server.facts() }
      return c.json(facts, 200, NO_CACHE)
    }
    const caller = guard.check(c)
    if (caller instanceof Response) return caller
    c.set('view', await viewOf(c, tools, caller))
    return next()
  })
  // Counts what comes, announced or not.
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }))
  app.all('/stats', async (c) =>
    c.body(await web.server.info(), 200, { ...NO_CACHE, 'Content-Type': 'application/json' }),
  )
  const prometheus = new Prometheus(web)
  app.get('/metrics', async (c) =>
    c.body(await prometheus.text(), 200, {
      ...NO_CACHE,
      'Content-Type': prometheus.contentType,
    }),
  )
  app.route('/api/v1', apiRoutes(tools))
  actionRoutes(app, tools)
  pageRoutes(app, tools)

  app.notFound((c) => {
    const view = c.var.view
    const page = messagePage(view, view.t.notFound, view.t.findLabel)
    return c.html(layout(view, page), 404)
  })
  app.onError((error, c) => failed(error, c, web))
  return app
}

const tooLarge = (c: Context): Response =>
  c.text(`a body has at most ${BODY_BYTES_MAX} bytes\n`, 413, NO_CACHE)

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  // TLS ends before us.
  strictTransportSecurity: false,
  // no-referrer would make a form's Origin "null".
  referrerPolicy: 'same-origin',
  xXssProtection: false,
  // Of no use to us, and a warning in the console of whoever comes by plain HTTP.
  originAgentCluster: false,
})

/** What the paths of all routes begin with. */
function firstSegments(app: Hono<Env>): ReadonlySet<string> {
  return new Set(app.routes.map(({ path }) => path.split('/')[1] ?? ''))
}

function isOpenHealth(c: Context<Env>): boolean {
  return (
    c.req.method === 'GET' &&
    c.req.path === '/health' &&
    !(c.req.header('Accept') ?? '').includes('text/html')
  )
}

function probes(app: Hono<Env>, { server }: Web): void {
  app.get('/healthz', (c) => c.text('ok\n', 200, NO_CACHE))
  app.get('/readyz', (c) => {
    const why = server.stopping() ? 'stopping' : reason(server.health())
    return c.text(`${why ?? 'ready'}\n`, why === undefined ? 200 : 503, NO_CACHE)
  })
}

/** Why the server is not ready; undefined when it is. */
export function reason(health: StoreHealth): string | undefined {
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

async function viewOf(c: Context<Env>, { web, secret, flashes }: Tools, caller: Caller) {
  const settings = web.settings()
  const url = new URL(c.req.url)
  const nowMs = web.clock.now()
  return new View({
    caller,
    preferences: readPreferences(c, web.languages),
    prefix: prefixOf(settings.url, c.req.raw.headers),
    url,
    path: c.req.path,
    token: formToken(await secret.get(), caller, nowMs),
    nowMs,
    environment: settings.environment,
    title: settings.title,
    version: web.version,
    address: web.server.addresses()[0] ?? '',
    stats: await web.store.stats().catch(() => undefined),
    isLost: (wid) => web.server.isLost(wid),
    flash: flashes.get(url.searchParams.get('flash') ?? ''),
  })
}

/** The store is away, or a fault of ours: the frame stays, and says what is the matter. */
function failed(error: Error, c: Context<Env>, { log }: Web): Response | Promise<Response> {
  const { view } = c.var
  if (error instanceof FilterError) {
    const page = messagePage(view, view.t.invalid, view.t.filterWrong(error.message))
    return c.html(layout(view, page), 422, NO_CACHE)
  }
  // Whoever asked is gone: nobody is there to be told, and nothing is wrong here.
  if (c.req.raw.signal.aborted) return c.body(null, 400)
  const id = randomUUID()
  const known = error instanceof StoreError
  if (known) log.warn({ id, path: c.req.path }, `a page could not be read: ${error.message}`)
  else log.error({ err: error, id, path: c.req.path }, 'a request failed by a fault of the server')
  const status = known ? 503 : 500
  if ((view as View | undefined) === undefined || ['/stats', '/metrics'].includes(c.req.path)) {
    return c.text(known ? `${error.message}\n` : 'internal error\n', status, NO_CACHE)
  }
  const page = known
    ? messagePage(view, view.t.storeAway, view.t.storeAwayMore(error.message))
    : messagePage(view, view.t.failed500, view.t.failed500More(id))
  return c.html(layout(view, page), status, NO_CACHE)
}
