import http from 'node:http'
import { expect, test } from 'vitest'
import { openSite, type Site } from './site.ts'

/** A GET with a Host that fetch would not send. */
function getAs(site: Site, host: string, path = '/'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: site.server.webPort, path, headers: { Host: host } }
    http
      .get(options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      .on('error', reject)
  })
}

test('without a password only own names are answered', async () => {
  const site = await openSite({ env: { JOBMILL_WEB_URL: 'https://ops.example.com' } })
  const statuses: Record<string, number> = {}
  for (const host of [
    'localhost:7420',
    'jobs.localhost',
    '127.0.0.1',
    '[::1]:7420',
    '10.0.0.7:80',
    'ops.example.com',
    'ops.example.org',
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    statuses[host] = (await getAs(site, host)).status
  }
  expect(statuses).toEqual({
    'localhost:7420': 200,
    'jobs.localhost': 200,
    '127.0.0.1': 200,
    '[::1]:7420': 200,
    '10.0.0.7:80': 200,
    'ops.example.com': 200,
    'ops.example.org': 421,
    'evil.example': 421,
    '127.0.0.1.evil.example': 421,
    'localhost.evil.example': 421,
  })
  expect((await getAs(site, 'evil.example', '/api/v1/queues')).status).toBe(421)
  expect((await getAs(site, 'evil.example')).text).toContain('[web] url')
  // Probes say nothing worth stealing, and come by any name.
  expect((await getAs(site, 'evil.example', '/healthz')).status).toBe(200)
  await site.stop()
})

test('with a password any name is answered', async () => {
  const site = await openSite({ password: 'open sesame' })
  expect((await getAs(site, 'evil.example')).status).toBe(401)
  await site.stop()
})

test('ten wrong passwords of one address are followed by a pause', async () => {
  const site = await openSite({ password: 'open sesame' })
  const ask = async (password: string): Promise<Response> =>
    fetch(`${site.url}/queues`, {
      headers: { Authorization: `Basic ${Buffer.from(`anna:${password}`).toString('base64')}` },
    })
  for (let i = 0; i < 10; i += 1) expect((await ask(`guess ${i}`)).status, `${i}`).toBe(401)
  const slowed = await ask('guess 10')
  expect(slowed.status).toBe(429)
  expect(slowed.headers.get('Retry-After')).toBe('60')
  // Whoever guessed right now would not learn it.
  expect((await ask('open sesame')).status).toBe(429)
  expect((await fetch(`${site.url}/healthz`)).status).toBe(200)
  expect(site.server.output()).toContain('10 wrong passwords')
  await site.stop()
})

test('a request without a password is no guess', async () => {
  const site = await openSite({ password: 'open sesame' })
  for (let i = 0; i < 12; i += 1) expect((await fetch(`${site.url}/queues`)).status).toBe(401)
  expect((await site.get('/queues')).status).toBe(200)
  await site.stop()
})
