import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { machine, type Running } from './command.ts'

const FILE = '.jobmill/conf.d/a.toml'

async function portOf(server: Running, what: RegExp): Promise<number> {
  return Number(/:(\d+)/.exec(await server.said(what))?.[1])
}

test('SIGHUP applies what can change, names what waits, and says who said it', async () => {
  const { write, start } = machine()
  write(FILE, '[server]\nbinding = "127.0.0.1:0"\n[web]\nbinding = ":0"\n')
  const server = start([])
  await server.said(/^data loaded/)
  write(
    FILE,
    '[server]\nbinding = "127.0.0.1:0"\nlog_level = "warn"\nmemory = 64\n[web]\nbinding = ":0"\n',
  )
  server.signal('SIGHUP')
  await server.said(/^waits for a restart/)
  const said = server.messages()
  expect(said.slice(said.findIndex((message) => message.startsWith('SIGHUP')))).toEqual([
    'SIGHUP: read ~/.jobmill/conf.d/a.toml',
    'changed [server] log_level: info → warn (~/.jobmill/conf.d/a.toml:3)',
    'waits for a restart: [server] memory: 32 → 64 (~/.jobmill/conf.d/a.toml:4)',
  ])

  // At warn the stop is not told: the new level counts.
  server.signal('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(server.messages()).toHaveLength(said.length)
})

test('with problems in the files all stays as it was, and the log lists them', async () => {
  const { write, start } = machine()
  const good = '[server]\nbinding = "127.0.0.1:0"\npassword = "first"\n[web]\nbinding = ":0"\n'
  write(FILE, good)
  const server = start([])
  const port = await portOf(server, /^PID \d+ listening/)
  write(FILE, '[server]\npassword = "second"\nlog_level = "loud"\nmemory = 0\n')
  write('.jobmill/conf.d/b.toml', 'x = \n')
  server.signal('SIGHUP')
  await server.said(/all stays as it was/)
  expect(server.messages().slice(-4)).toEqual([
    '~/.jobmill/conf.d/b.toml:1:5: invalid value: x =',
    '~/.jobmill/conf.d/a.toml:3: [server] log_level is "loud": it must be debug, info, warn, error',
    '~/.jobmill/conf.d/a.toml:4: [server] memory is 0: it must be a number from 1 to 1000000, in MiB',
    'SIGHUP: the configuration has problems, so all stays as it was',
  ])
  const connection = await FwpConnection.open({ port, password: 'first' })
  expect((await connection.send('PUSH {"jid":"still-here","jobtype":"T","args":[]}')).text).toBe(
    'OK',
  )

  write(FILE, good)
  write('.jobmill/conf.d/b.toml', '')
  server.signal('SIGHUP')
  await server.said(/^nothing changed/)
})

test('a new password counts for connections to come', async () => {
  const { write, start } = machine()
  const said = (password: string): string =>
    `[server]\nbinding = "127.0.0.1:0"\npassword = "${password}"\n[web]\nbinding = "127.0.0.1:0"\n`
  write(FILE, said('first'))
  const server = start([])
  const port = await portOf(server, /^PID \d+ listening/)
  const webPort = await portOf(server, /^Web server now listening/)
  const before = await FwpConnection.open({ port, password: 'first' })
  const stats = async (password: string): Promise<number> => {
    const Authorization = `Basic ${Buffer.from(`:${password}`).toString('base64')}`
    return (await fetch(`http://127.0.0.1:${webPort}/stats`, { headers: { Authorization } })).status
  }
  expect([await stats('first'), await stats('second')]).toEqual([200, 401])

  write(FILE, said('second'))
  server.signal('SIGHUP')
  expect(await server.said(/^changed \[server\] password/)).toBe(
    'changed [server] password: a new one (~/.jobmill/conf.d/a.toml:3)',
  )
  await server.said(/^changed \[web\] password/)
  expect((await before.send('INFO')).kind).toBe('bulk')
  const after = await FwpConnection.open({ port, password: 'second' })
  expect((await after.send('INFO')).kind).toBe('bulk')
  await expect(FwpConnection.open({ port, password: 'first' })).rejects.toThrow()
  expect([await stats('first'), await stats('second')]).toEqual([401, 200])
  expect(server.messages().join()).not.toMatch(/first|second/)
})

test('a password file is read again', async () => {
  const { home, write, start } = machine()
  write('pw', 'first\n')
  chmodSync(join(home, 'pw'), 0o600)
  const server = start(['-b', '127.0.0.1:0', '-w', ':0'], { FAKTORY_PASSWORD: `${home}/pw` })
  const port = await portOf(server, /^PID \d+ listening/)
  write('pw', 'second\n')
  server.signal('SIGHUP')
  await server.said(/^changed \[server\] password: a new one \(FAKTORY_PASSWORD\)/)
  const connection = await FwpConnection.open({ port, password: 'second' })
  expect((await connection.send('INFO')).kind).toBe('bulk')
})

test('HTTP moves to another port, can be turned off, and stays where the new port is taken', async () => {
  const { write, start } = machine()
  const web = (binding: string): void => write(FILE, `[web]\nbinding = "${binding}"\n`)
  web('127.0.0.1:0')
  const server = start(['-b', '127.0.0.1:0'])
  const port = await portOf(server, /^PID \d+ listening/)
  const first = await portOf(server, /^Web server now listening at/)
  const status = async (at: number): Promise<number | string> => {
    try {
      return (await fetch(`http://127.0.0.1:${at}/healthz`, { headers: { connection: 'close' } }))
        .status
    } catch {
      return 'closed'
    }
  }
  const webPorts = (): number[] =>
    server
      .messages()
      .flatMap((message) => /^Web server now listening at .*:(\d+)$/.exec(message)?.[1] ?? [])
      .map(Number)
  expect(await status(first)).toBe(200)

  web(`127.0.0.1:${port}`)
  server.signal('SIGHUP')
  await server.said(/^no HTTP: /)
  await server.said(/^HTTP goes on where it was/)
  await expect.poll(() => webPorts().length).toBe(2)
  expect(await status(webPorts()[1] ?? 0)).toBe(200)

  web(':0')
  server.signal('SIGHUP')
  await server.said(/^changed \[web\] binding: .* → :0/)
  await expect.poll(() => status(webPorts()[1] ?? 0)).toBe('closed')

  web('localhost:0')
  server.signal('SIGHUP')
  await expect.poll(() => webPorts().length).toBe(3)
  expect(await status(webPorts()[2] ?? 0)).toBe(200)
})
