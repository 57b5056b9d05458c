import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { startServer, type RunningServer, type ServerOptions } from '../support/server.ts'

const servers: RunningServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function start(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await startServer({ web: false, ...options })
  servers.push(server)
  return server
}

const HELLO = 'HELLO {"v":2}\r\n'
const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.8 4711 7419\r\n'
const V2_IPV6 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24', 'latin1'),
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('20010db8000000000000000000000008', 'hex'),
  Buffer.from('12671cfb', 'hex'),
])
const V2_LOCAL = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1')

/** Sends bytes, one write each, and gives all that came until the server closed. */
async function exchange(port: number, ...writes: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true)
  socket.on('error', () => undefined)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  for (const bytes of writes) {
    await new Promise((resolve) => socket.write(bytes, resolve))
    // Each is to arrive by itself.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await closed
  return text
}

interface Complaint {
  readonly peer: string
  readonly msg: string
}

/** Ends a server, and gives what its log warns of peers: all of it, for a line may come after a close. */
async function complaints(server: RunningServer): Promise<Complaint[]> {
  await server.stop()
  return server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Complaint & { readonly level: number })
    .filter(({ level, peer }) => level >= 40 && peer !== undefined)
    .map(({ peer, msg }) => ({ peer, msg }))
}

const GREETED = '+HI {"v":2}\r\n+OK\r\n'

describe('a plain port', () => {
  test('closes on TLS, with one line that says so, and serves the others', async () => {
    const server = await start()
    const other = await FwpConnection.open(server)
    const ports: (number | undefined)[] = []
    for (let i = 0; i < 3; i += 1) {
      const client = tls.connect(server.port, '127.0.0.1', { rejectUnauthorized: false })
      client.once('connect', () => ports.push(client.localPort))
      await new Promise((resolve) => client.once('error', resolve))
    }
    expect(await other.send('PUSH {"jid":"in-between","jobtype":"x","args":[]}')).toMatchObject({
      text: 'OK',
    })
    other.end()
    expect(await complaints(server)).toEqual([
      {
        peer: `127.0.0.1:${ports[0]}`,
        msg: 'TLS on the command port, which speaks plain FWP: let a front such as haproxy, nginx or stunnel end TLS, see docs/tls.md',
      },
    ])
  })

  test.each([
    ['1', V1],
    ['2', V2_LOCAL],
  ])('closes on a PROXY header of version %s that it was not told of', async (_, header) => {
    const server = await start()
    expect(await exchange(server.port, header)).toBe('+HI {"v":2}\r\n')
    expect(await complaints(server)).toMatchObject([
      {
        msg: 'PROXY on the command port, which speaks plain FWP: a front sends the PROXY protocol: set --proxy-protocol, or turn it off there',
      },
    ])
  })
})

describe('behind a front that tells its peers', () => {
  const args = ['--proxy-protocol']
  const flushes = async (server: RunningServer): Promise<string[]> =>
    (await complaints(server)).filter(({ msg }) => msg.startsWith('FLUSH')).map(({ peer }) => peer)

  test.each([
    ['version 1', V1, '192.0.2.7:4711'],
    ['version 2', V2_IPV6, '[2001:db8::7]:4711'],
  ])('%s tells the address, however it arrives', async (_, header, peer) => {
    const server = await start({ args })
    const commands = `${HELLO}FLUSH\r\nEND\r\n`
    const answered = `${GREETED}+OK\r\n`
    const whole = Buffer.concat([Buffer.from(header), Buffer.from(commands)])
    expect(await exchange(server.port, whole)).toBe(answered)
    expect(await exchange(server.port, header, commands)).toBe(answered)
    const bytes = [...whole].map((byte) => Buffer.from([byte]))
    expect(await exchange(server.port, ...bytes)).toBe(answered)
    expect(await flushes(server)).toEqual([peer, peer, peer])
  })

  test('a front that speaks for itself keeps its own', async () => {
    const server = await start({ env: { JOBMILL_PROXY_PROTOCOL: 'on' } })
    for (const header of [V2_LOCAL, 'PROXY UNKNOWN\r\n']) {
      const said = await exchange(server.port, header, `${HELLO}FLUSH\r\nEND\r\n`)
      expect(said).toBe(`${GREETED}+OK\r\n`)
    }
    expect(await flushes(server)).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ])
  })

  test.each([
    ['none', HELLO],
    ['a wrong one', 'PROXY TCP4 front back 1 2\r\n'],
  ])('with %s: closed without a word, and one line says what to set', async (_, first) => {
    const server = await start({ args })
    for (let i = 0; i < 3; i += 1) expect(await exchange(server.port, first)).toBe('')
    const [complaint, ...more] = await complaints(server)
    expect(complaint?.peer).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(complaint?.msg).toContain('closed: no PROXY header')
    expect(complaint?.msg).toContain('haproxy: send-proxy-v2, nginx: proxy_protocol on')
    expect(complaint?.msg).toContain('or leave --proxy-protocol out')
    expect(more).toEqual([])
  })

  test('TLS and HTTP are named as what they are', async () => {
    const server = await start({ args })
    expect(await exchange(server.port, Buffer.from('16030100a5', 'hex'))).toBe('')
    expect(await exchange(server.port, 'GET / HTTP/1.1\r\n\r\n')).toBe('')
    expect((await complaints(server)).map(({ msg }) => msg.split(',')[0])).toEqual([
      'TLS on the command port',
      'HTTP on the command port',
    ])
  })

  test('who says nothing, or not all, is closed after three seconds, silently', async () => {
    const server = await start({ args })
    expect(await Promise.all([exchange(server.port), exchange(server.port, 'PROXY TC')])).toEqual([
      '',
      '',
    ])
    const passing = net.connect(server.port, '127.0.0.1')
    await once(passing, 'connect')
    passing.end()
    await once(passing, 'close')
    expect(await complaints(server)).toEqual([])
  })

  test('one that still owes its header does not hold up a stop', async () => {
    const server = await start({ args })
    const socket = net.connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(
      socket.on('error', () => undefined),
      'close',
    )
    expect(await server.kill('SIGTERM')).toBe(0)
    await closed
  })
})
