import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { attribute, faultsOf, tagsOf } from './html.ts'
import { PAGES } from './pages.ts'
import { HOSTILE, openSite, seed, type Site } from './site.ts'

const PASSWORD = 'open sesame'
const LOOKING = 'only looking'

let site: Site
let strange: FwpConnection
beforeAll(async () => {
  site = await openSite({ password: PASSWORD, env: { JOBMILL_WEB_READONLY_PASSWORD: LOOKING } })
  await seed(site)
  const { port } = site.server
  strange = await FwpConnection.open({
    port,
    password: PASSWORD,
    wid: HOSTILE,
    labels: [HOSTILE, 'ruby'],
  })
  await strange.send('FETCH webhooks')
  await pushHostile('hostile-waiting', { queue: 'hostile' })
  await pushHostile(`${HOSTILE}-waiting`, { queue: 'hostile' })
  await pushHostile('hostile-scheduled', { at: new Date(Date.now() + 3_600_000).toISOString() })
  for (const [jid, retry] of [
    ['hostile-retry', 5],
    ['hostile-dead', -1],
  ] as const) {
    await pushHostile(jid, { retry, queue: jid })
    await site.worker.send(`FETCH ${jid}`)
    const failure = {
      jid,
      errtype: HOSTILE,
      message: HOSTILE,
      backtrace: [HOSTILE, '\u0000\u200b'],
    }
    await site.worker.send(`FAIL ${JSON.stringify(failure)}`)
  }
})
afterAll(async () => {
  strange.end()
  await site.stop()
})

/** A job that is hostile in all that its pusher chooses freely. */
async function pushHostile(jid: string, more: Record<string, unknown>): Promise<void> {
  const job = {
    jid,
    jobtype: HOSTILE,
    args: [HOSTILE, { [HOSTILE]: HOSTILE }],
    custom: { [HOSTILE]: HOSTILE },
    created_at: new Date().toISOString(),
    ...more,
  }
  expect(await site.say(`PUSH ${JSON.stringify(job)}`)).toBe('OK')
}

const login = (password: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(`anna:${password}`).toString('base64')}`,
  Accept: 'text/html',
})

/** A page and what it links to; a start page may be one that says that there is nothing. */
async function look(
  path: string,
  password: string,
  prefix: string,
): Promise<{ status: number; html: string; links: string[] }> {
  const headers = { ...login(password), ...(prefix === '' ? {} : { 'X-Script-Name': prefix }) }
  const response = await fetch(site.url + path, { headers, redirect: 'manual' })
  const text = await response.text()
  if (!(response.headers.get('Content-Type') ?? '').startsWith('text/html')) {
    return { status: response.status, html: '', links: [] }
  }
  const links = tagsOf(text)
    .flatMap((tag) => [attribute(tag, 'href'), attribute(tag, 'src'), attribute(tag, 'data-morph')])
    .filter((link) => link !== undefined && !link.startsWith('#'))
    .map((link) => String(link).replace(/#.*/, ''))
  return { status: response.status, html: text, links }
}

describe.each([
  { role: 'who may act', password: PASSWORD, prefix: '' },
  { role: 'who may act', password: PASSWORD, prefix: '/ops/jobs' },
  { role: 'who may look', password: LOOKING, prefix: '' },
  { role: 'who may look', password: LOOKING, prefix: '/ops/jobs' },
])('for one $role, under "$prefix"', ({ password, prefix }) => {
  const start = [...PAGES, '/jobs/hostile-retry', '/jobs/hostile-dead', '/queues/hostile']
  test('every link answers, and no page contains what it must not', async () => {
    const todo = start.map((path) => prefix + path)
    // A scheduled job may name a queue that comes to be when the job is due.
    const missing = new Set([...todo, `${prefix}/queues/default`, `${prefix}/queues/reports`])
    const seen = new Set<string>()
    for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      expect(path.startsWith(`${prefix}/`), `${path} leaves ${prefix}`).toBe(true)
      const { status, html, links } = await look(path, password, prefix)
      if (!missing.has(path)) expect(status, path).toBeLessThan(400)
      expect(status, path).toBeLessThan(500)
      if (html !== '') expect(faultsOf(html), path).toEqual([])
      todo.push(...links)
    }
    // The pages, their assets, and what they name: jobs, queues, workers, filters, confirmations.
    expect(seen.size).toBeGreaterThan(60)
  })

  test('every form leads to a route', async () => {
    const forms = new Set<string>()
    for (const path of start) {
      const { html } = await look(prefix + path, password, prefix)
      for (const tag of tagsOf(html).filter((one) => one.startsWith('<form'))) {
        forms.add(`${attribute(tag, 'method') ?? 'get'} ${attribute(tag, 'action')}`)
      }
    }
    const posts = [...forms].filter((form) => form.startsWith('post'))
    if (password === LOOKING) expect(posts).toEqual([`post ${prefix}/preferences`])
    else expect(posts.length).toBeGreaterThan(8)
    for (const form of forms) {
      const [method = '', action = ''] = form.split(' ')
      expect(action.startsWith(`${prefix}/`), form).toBe(true)
      const headers = { ...login(password), Cookie: 'a=b' }
      const more = prefix === '' ? {} : { 'X-Script-Name': prefix }
      const response = await fetch(site.url + action, {
        method,
        headers: { ...headers, ...more },
        redirect: 'manual',
      })
      // Without its token a form is refused, so nothing is changed here.
      if (method === 'post') expect(response.status, form).toBe(403)
      else expect([200, 302, 404], form).toContain(response.status)
    }
  })
})

test('every picture is in the sprite', async () => {
  const names = new Set<string>()
  for (const path of PAGES) {
    const { html } = await look(path, PASSWORD, '')
    for (const [, name = ''] of html.matchAll(/<use href="[^"#]*#([\w-]+)"/g)) names.add(name)
  }
  const sprite = await (await site.get('/static/icons.svg')).text()
  expect(names.size).toBeGreaterThan(10)
  for (const name of names) expect(sprite).toContain(`id="${name}"`)
})

test('a page weighs little', async () => {
  for (const path of PAGES) {
    const { html } = await look(path, PASSWORD, '')
    expect(html.length, path).toBeLessThan(100_000)
  }
})

test('a page tells the browser what it may load and keep', async () => {
  const { headers } = await site.get('/retries')
  const policy = headers.get('Content-Security-Policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("form-action 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(headers.get('Referrer-Policy')).toBe('same-origin')
  expect(headers.get('Cross-Origin-Opener-Policy')).toBe('same-origin')
  expect(headers.get('Strict-Transport-Security')).toBeNull()
  expect(headers.get('Cache-Control')).toBe('no-store')
})

test('what is hidden is on no page, and cannot be found', async () => {
  for (const path of [...PAGES, '/jobs/waiting-1.json']) {
    const text = await (await site.get(path, { Accept: 'text/html' })).text()
    expect(text, path).not.toContain('s3cret')
  }
  const asked = await site.get('/retries?q=args.0.token:s3cret')
  expect(asked.status).toBe(200)
  const text = await asked.text()
  expect(text).toContain('is hidden')
})

test('what is no page says so with the menu around it', async () => {
  for (const path of ['/nowhere', '/jobs/never-was', '/queues/nowhere', '/actions/none']) {
    const response = await site.get(path, { Accept: 'text/html' })
    expect(response.status, path).toBe(404)
    expect(await response.text(), path).toContain('<nav')
  }
})
