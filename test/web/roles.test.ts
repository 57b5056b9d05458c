import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webApp } from '../../packages/server/src/web/app.tsx'
import type { Web } from '../../packages/server/src/web/context.ts'
import { openSite, seed, type Site } from './site.ts'

const PASSWORD = 'open sesame'
const LOOKING = 'only looking'

/** What to put for the parameters of a route. */
const NAMES: Readonly<Record<string, string>> = {
  ':name': 'webhooks',
  ':key': '2026-11-25T08:00:00.000Z%7Cfailing-0',
  ':set': 'retries',
  ':file{.+\\.json}': 'waiting-1.json',
  ':jid': 'waiting-1',
  ':wid': 'worker-1',
  ':id': 'none',
  ':group': 'none',
}

// The router is asked for its table; nothing runs in it.
const ROUTES = webApp({ store: {} } as unknown as Web)
  .routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
  .map(({ method, path }) => ({ method, path: path.replace(/\/:[^/]+/g, nameOf) }))
const CHANGING = ROUTES.filter(({ method }) => method !== 'GET')
const LOOKS = ROUTES.filter(({ method }) => method === 'GET')

function nameOf(part: string): string {
  const name = NAMES[part.slice(1)]
  if (name === undefined) throw new Error(`this test has no name for ${part}`)
  return `/${name}`
}

/** Open to all, with a password too: probes, assets, and Faktory's JSON. */
const OPEN = ['/healthz', '/readyz', '/health', '/static/webhooks']

let site: Site
beforeAll(async () => {
  site = await openSite({ password: PASSWORD, env: { JOBMILL_WEB_READONLY_PASSWORD: LOOKING } })
  await seed(site)
})
afterAll(() => site.stop())

async function ask(
  { method, path }: { method: string; path: string },
  password: string | undefined,
  headers: Record<string, string> = {},
  body?: string,
): Promise<number> {
  const login: Record<string, string> =
    password === undefined ? {} : { Authorization: `Bearer ${password}` }
  const response = await fetch(site.url + path, {
    method,
    headers: { ...login, ...headers },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })
  await response.arrayBuffer()
  return response.status
}

/** What the server holds: nothing of it may change by what is refused. */
async function facts(): Promise<string> {
  const [queues, overview] = await Promise.all(
    ['/api/v1/queues', '/stats'].map(async (path) => (await site.get(path)).text()),
  )
  const { faktory } = JSON.parse(overview ?? '') as { faktory: unknown }
  // Rates and ages go on by themselves.
  const { items } = JSON.parse(queues ?? '') as { items: Record<string, unknown>[] }
  const still = items.map(({ name, paused, waiting }) => ({ name, paused, waiting }))
  return JSON.stringify({ still, faktory: { ...(faktory as object), tasks: undefined } })
}

test('there are routes of every kind', () => {
  expect(CHANGING.length).toBeGreaterThan(15)
  expect(LOOKS.length).toBeGreaterThan(25)
})

describe('who may only look', () => {
  test('is refused by everything that changes something', async () => {
    const before = await facts()
    for (const route of CHANGING.filter(({ path }) => path !== '/preferences')) {
      const type = route.path.startsWith('/api/') ? 'json' : 'x-www-form-urlencoded'
      const headers = { 'Content-Type': `application/${type}` }
      const body =
        type === 'json' ? '{}' : 'action=delete&key=all&jid=failing-0&scope=queue&sure=yes'
      const status = await ask(route, LOOKING, headers, body)
      expect(status, `${route.method} ${route.path}`).toBe(403)
    }
    expect(await facts()).toBe(before)
  })

  test('sees what others see', async () => {
    for (const route of LOOKS) {
      const headers = { Accept: 'text/html' }
      const status = await ask(route, LOOKING, headers)
      expect(status, route.path).toBe(await ask(route, PASSWORD, headers))
      expect(status, route.path).toBeLessThan(500)
    }
  })

  test('may choose colours and times', async () => {
    const route = { method: 'POST', path: '/preferences' }
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(await ask(route, LOOKING, headers, 'jobmill_theme=dark')).toBe(303)
  })
})

describe('a page of another site', () => {
  test.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://elsewhere.example' },
  ] as Record<string, string>[])('is refused everywhere: %o', async (origin) => {
    const before = await facts()
    for (const route of CHANGING) {
      const type = route.path.startsWith('/api/') ? 'json' : 'x-www-form-urlencoded'
      const headers = { ...origin, 'Content-Type': `application/${type}` }
      const body = type === 'json' ? '{}' : 'action=delete&key=all&scope=queue&sure=yes'
      const status = await ask(route, PASSWORD, headers, body)
      expect(status, `${route.method} ${route.path}`).toBe(403)
    }
    expect(await facts()).toBe(before)
  })
})

test('without a password only probes and assets answer', async () => {
  for (const route of ROUTES) {
    const status = await ask(route, undefined)
    const open = route.method === 'GET' && OPEN.includes(route.path)
    if (open) expect([200, 404], route.path).toContain(status)
    else expect([401, 429], `${route.method} ${route.path}`).toContain(status)
  }
})
