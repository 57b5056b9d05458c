import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { openSite, type Site } from './site.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site.stop())

test('a job nested thousands deep shows on its pages, beside others', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  await site.say(`PUSH {"jid":"deep-job-1","jobtype":"Deep","queue":"deep","args":[${deep}]}`)
  await site.say('PUSH {"jid":"sound-job-1","jobtype":"Sound","queue":"deep","args":[]}')
  const pages = [
    '/queues/deep',
    '/jobs/deep-job-1',
    '/jobs/deep-job-1/json',
    '/search?q=queue:deep',
  ]
  const api = ['/api/v1/jobs?state=waiting&queue=deep', '/api/v1/jobs/deep-job-1']
  for (const path of [...pages, ...api]) {
    expect((await site.get(path)).status, path).toBe(200)
  }
  expect(await (await site.get('/queues/deep')).text()).toContain('sound-job-1')
})

test('a worker that calls itself * is no other worker', async () => {
  const star = await FwpConnection.open({ port: site.server.port, wid: '*' })
  for (const [jid, worker] of [
    ['held-by-star', star],
    ['held-by-one1', site.worker],
  ] as const) {
    await site.say(`PUSH {"jid":"${jid}","jobtype":"T","queue":"stars","args":[]}`)
    expect((await worker.send('FETCH stars')).text).toContain(jid)
  }
  expect(await (await site.get('/workers/*')).text()).not.toContain('held-by-one1')
  const recovered = await site.send('POST', '/api/v1/workers/*/recover')
  expect(await recovered.json()).toEqual({ recovered: 1 })
  star.end()
})

test('a name that no queue can have is refused, not paused', async () => {
  const refused = await site.send('POST', '/api/v1/queues/a%2Fb/pause')
  expect(refused.status).toBe(422)
  expect(await refused.json()).toMatchObject({ code: 'INVALID_QUEUE_NAME' })
})

test('a body without an end is cut off at its limit', async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(`${site.url}/api/v1/jobs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
    })
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      sent.destroy()
    })
    sent.on('error', reject)
    const piece = Buffer.alloc(1024 * 1024, 0x20)
    for (let i = 0; i < 20; i += 1) sent.write(piece)
    sent.end()
  })
  expect(status).toBe(413)
})

test('thousands of queues are listed a page at a time', async () => {
  const names = Array.from({ length: 2_000 }, (_, i) => `many-${10_000 + i}`)
  await site.say(`QUEUE PAUSE ${names.join(' ')}`)
  const text = await (await site.get('/queues')).text()
  expect(text).toContain('many-10001')
  expect(text).not.toContain('many-10999')
  expect((await site.get('/')).status).toBe(200)
  expect(await (await site.get('/queues?from=1000')).text()).toContain('many-10999')
})

test('a job whose jid ends like a file has its page', async () => {
  await site.say('PUSH {"jid":"report.json","jobtype":"T","queue":"files","args":[]}')
  expect((await site.get('/jobs/report.json')).status).toBe(200)
})
