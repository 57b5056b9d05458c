import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { get as getSecure } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driverCommand, Drivers, jids } from '../interop/live/driver.ts'
import { LIVE } from '../interop/live/known.ts'
import { freePort } from '../interop/live/server.ts'
import { FwpConnection, type FwpOptions } from '../support/fwp.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { describeWith } from '../support/toolchain.ts'
import { makeCertificate, type Certificate } from './certificate.ts'
import { Front, type FrontKind } from './front.ts'

const PASSWORD = 's3cret'
const JOB = (jid: string): string => `PUSH {"jid":"${jid}","jobtype":"Ok","args":[]}`

/** How a front is to be met. */
export interface Expected {
  /** false: clients speak plain text to its near end. */
  readonly tls: boolean
  /** Whether it tells who its client is. */
  readonly proxy: boolean
}

/** Runs a front as it is shipped, a server behind it, and clients before it. */
export function frontScenarios(makeKind: () => Promise<FrontKind>, expected: Expected): void {
  let certificate: Certificate
  let dir: string
  let args: readonly string[]
  let server: RunningServer
  let front: Front
  const drivers: Drivers[] = []

  beforeAll(async () => {
    certificate = await makeCertificate()
    dir = await mkdtemp(join(tmpdir(), 'jobmill-test-'))
    const [jobs, pages] = [await freePort(), await freePort()]
    args = ['-b', `127.0.0.1:${jobs}`, '-w', `127.0.0.1:${pages}`]
    if (expected.proxy) args = [...args, '--proxy-protocol']
    server = await startServer({ dir, args, password: PASSWORD })
    front = await Front.start(await makeKind(), server, certificate.pemFile)
  })

  afterAll(async () => {
    await Promise.all(drivers.map((each) => each.stop()))
    await front.stop()
    await server.stop()
    await certificate.remove()
    await rm(dir, { recursive: true })
  })

  const options = (more: Partial<FwpOptions> = {}): FwpOptions => ({
    port: front.jobsPort,
    host: 'localhost',
    password: PASSWORD,
    ...(expected.tls ? { tls: { ca: certificate.ca } } : {}),
    ...more,
  })

  test('a producer and a worker', async () => {
    const producer = await FwpConnection.open(options())
    expect(await producer.send(JOB('through-the-front'))).toMatchObject({ text: 'OK' })
    const worker = await FwpConnection.open(options({ wid: 'fronted-worker' }))
    const fetched = await worker.send('FETCH default')
    expect(fetched.text).toContain('"jid":"through-the-front"')
    expect(await worker.send('ACK {"jid":"through-the-front"}')).toMatchObject({ text: 'OK' })
    // A FETCH waits for a job, which is to come at once.
    const waiting = worker.send('FETCH default')
    expect(await producer.send(JOB('while-it-waits'))).toMatchObject({ text: 'OK' })
    expect((await waiting).text).toContain('"jid":"while-it-waits"')
    expect(await worker.send('ACK {"jid":"while-it-waits"}')).toMatchObject({ text: 'OK' })
    worker.end()
    producer.end()
  })

  test('a large command', async () => {
    const text = 'x'.repeat(5_000_000)
    const connection = await FwpConnection.open(options({ wid: 'large-worker' }))
    const push = `PUSH {"jid":"large-one","jobtype":"Ok","queue":"large","args":["${text}"]}`
    expect(await connection.send(push)).toMatchObject({ text: 'OK' })
    expect((await connection.send('FETCH large')).text).toContain(text)
    expect(await connection.send('ACK {"jid":"large-one"}')).toMatchObject({ text: 'OK' })
    connection.end()
  })

  test('a client that has said its last gets its replies', async () => {
    const connection = await FwpConnection.open(options())
    const replies = [connection.send(JOB('last-words-1')), connection.send(JOB('last-words-2'))]
    // They leave at the end of this turn, and then the end.
    process.nextTick(() => connection.finish())
    for (const reply of await Promise.all(replies)) expect(reply).toMatchObject({ text: 'OK' })
    await connection.closed
    const after = await FwpConnection.open(options())
    await after.send('QUEUE REMOVE default')
    after.end()
  })

  test('a wrong password is refused, and the log shows who came', async () => {
    await expect(FwpConnection.open(options({ password: 'wrong' }))).rejects.toThrow(
      'HELLO refused: ERR Invalid password',
    )
    const connection = await FwpConnection.open(options())
    await connection.send('FLUSH')
    const { localPort } = connection
    connection.end()
    await expect.poll(() => peersOf(server, 'FLUSH: all jobs')).toHaveLength(1)
    const isItself = peersOf(server, 'FLUSH: all jobs')[0] === `127.0.0.1:${localPort}`
    expect(isItself).toBe(expected.proxy)
    expect(peersOf(server, 'password hash did not match')).toHaveLength(1)
  })

  test('probes and counts', async () => {
    const url = `${expected.tls ? 'https' : 'http'}://localhost:${front.pagesPort}`
    expect(await page(`${url}/readyz`, certificate.ca)).toEqual({ status: 200, text: 'ready\n' })
    expect(await page(`${url}/stats`, certificate.ca)).toMatchObject({ status: 401 })
    const login = url.replace('//', `//:${PASSWORD}@`)
    const stats = await page(`${login}/stats`, certificate.ca)
    expect(stats.status).toBe(200)
    expect(JSON.parse(stats.text)).toHaveProperty('faktory.queues')
  })

  const kits = expected.tls ? ['node', 'go'] : ['node']
  for (const client of LIVE.filter(({ kit }) => kits.includes(kit))) {
    describeWith(client.toolchain, client.name, () => {
      const scheme = expected.tls ? 'tcp+tls' : 'tcp'
      // The client's own ways to trust an authority.
      const env = (): Record<string, string> => ({
        FAKTORY_URL: `${scheme}://:${PASSWORD}@localhost:${front.jobsPort}`,
        NODE_EXTRA_CA_CERTS: certificate.caFile,
        SSL_CERT_FILE: certificate.caFile,
        DRIVER_QUEUES: client.kit,
        DRIVER_CONCURRENCY: '2',
        DRIVER_WID: `fronted-${client.kit}`,
        DRIVER_BEAT_SECONDS: '1',
      })
      const order = (jid: string): string =>
        JSON.stringify({
          jobs: [{ jid, jobtype: 'Ok', args: [1], queue: client.kit }],
          bulk: false,
        })

      test('pushes and works, also after the front, and then the server, was gone', async () => {
        const driver = new Drivers(client, await driverCommand(client))
        drivers.push(driver)
        const worker = driver.run('work', env())
        const push = async (jid: string): Promise<void> => {
          // While what was gone comes back, a push may fail; a producer tries again.
          for (let tries = 0; ; tries += 1) {
            const program = driver.run('push', env(), order(jid))
            if ((await program.exited) === 0) return
            if (tries === 20) throw new Error(program.errors)
            await sleep(500)
          }
        }
        const worked = (jid: string): Promise<string> =>
          worker.until((lines) => jids(lines, 'ran').find((one) => one === jid))

        await push('before-it-all')
        await worked('before-it-all')
        await front.kill()
        await front.run()
        await push('after-the-front')
        await worked('after-the-front')
        await server.kill()
        server = await startServer({ dir, args, password: PASSWORD })
        await push('after-the-server')
        await worked('after-the-server')
        await worker.kill('SIGKILL')
      })

      if (!expected.tls) return
      test('turns away from a server that it does not trust', async () => {
        const driver = new Drivers(client, await driverCommand(client))
        drivers.push(driver)
        const ignorant = { ...env(), NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '' }
        const program = driver.run('push', ignorant, order('not-pushed'))
        expect(await program.exited).toBe(1)
        expect(program.errors).toMatch(/certificate/i)
      })
    })
  }
}

/** The peers in the log's lines of one kind. */
function peersOf(server: RunningServer, message: string): string[] {
  return server
    .output()
    .split('\n')
    .filter((line) => line.includes(`"msg":"${message}`))
    .map((line) => (JSON.parse(line) as { readonly peer: string }).peer)
}

function page(url: string, ca: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? getSecure : get)(
      url,
      { ca, agent: false } as object,
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    request.once('error', reject)
  })
}
