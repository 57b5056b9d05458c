import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { machine, type Running } from './command.ts'

async function portOf(server: Running): Promise<number> {
  return Number(/:(\d+),/.exec(await server.said(/^PID \d+ listening at /))?.[1])
}

// What a Faktory Enterprise user has in /etc/faktory, with the command line of its unit file.
test('a Faktory user’s folders, files, variables and flags start the server as they are', async () => {
  const { home, write, start } = machine()
  write(
    'faktory/conf.d/faktory.toml',
    `# Faktory server
[faktory]
  binding = "localhost:7419"   # the flag says otherwise
  password = "from the file"

[web]
  binding = "localhost:7420"
  password = "for people"
`,
  )
  write(
    'faktory/conf.d/cron.toml',
    `[[cron]]
  schedule = "*/5 * * * *"
  [cron.job]
    type = "FiveJob"
    queue = "critical"
    [cron.job.custom]
      foo = "bar"

[[cron]]
  schedule = "12 * * * *"
  [cron.job]
    type = "HourlyReport"
    retry = 3
`,
  )
  write(
    'faktory/conf.d/statsd.toml',
    '[statsd]\n  location = "localhost:8125"\n  tags = ["env:production"]\n',
  )
  write('faktory/conf.d/throttles.toml', '[throttles]\n  bulk = { worker = 5, timeout = 60 }\n')
  const flags = ['-b=127.0.0.1:0', '--w', '127.0.0.1:0', '-l=debug', '--c=faktory', '-d', 'db']
  const server = start(flags, { FAKTORY_ENV: 'production', FAKTORY_PASSWORD: 'sesam' })

  const connection = await FwpConnection.open({ port: await portOf(server), password: 'sesam' })
  expect((await connection.send('PUSH {"jid":"first-job-1","jobtype":"T","args":[]}')).text).toBe(
    'OK',
  )
  const web = /127\.0\.0\.1:\d+/.exec(await server.said(/^Web server now listening/))?.[0]
  const stats = async (password: string): Promise<number> => {
    const Authorization = `Basic ${Buffer.from(`:${password}`).toString('base64')}`
    return (await fetch(`http://${web}/stats`, { headers: { Authorization } })).status
  }
  expect([await stats('for people'), await stats('sesam')]).toEqual([200, 401])
  expect(existsSync(join(home, 'db/jobmill.db'))).toBe(true)
  expect(server.messages().filter((message) => message.includes('ignored'))).toEqual([
    '~/faktory/conf.d/cron.toml:1: [cron] is ignored: this version has no cron yet',
    '~/faktory/conf.d/statsd.toml:1: [statsd] is ignored: this version does not send to statsd yet',
    '~/faktory/conf.d/throttles.toml:1: [throttles] is ignored: this version has no throttles yet',
  ])
  server.signal('SIGTERM')
  expect(await server.exited).toBe(0)
})

test('in development ~/.faktory is read, also once the server has a folder of its own', async () => {
  const { home, write, start } = machine()
  write('.faktory/conf.d/a.toml', '[faktory]\nbinding = "127.0.0.1:0"\npassword = "sesam"\n')
  for (const _ of [1, 2]) {
    const server = start(['-w', ':0'])
    const connection = await FwpConnection.open({ port: await portOf(server), password: 'sesam' })
    expect((await connection.send('INFO')).kind).toBe('bulk')
    server.signal('SIGTERM')
    expect(await server.exited).toBe(0)
    expect(existsSync(join(home, '.jobmill/db/jobmill.db'))).toBe(true)
  }
})

test('jobmill --ephemeral needs nothing, reads no files and leaves nothing', async () => {
  const { home, write, start } = machine()
  write('.jobmill/conf.d/a.toml', 'broken')
  const server = start(['--ephemeral'], { TMPDIR: home })
  const folder = /in (.*)$/.exec(await server.said(/keeps its data in/))?.[1] ?? ''
  const path = folder.replace('~', home)
  const connection = await FwpConnection.open({ port: await portOf(server) })
  expect((await connection.send('PUSH {"jid":"first-job-1","jobtype":"T","args":[]}')).text).toBe(
    'OK',
  )
  expect(await server.said(/FAKTORY_URL=/)).toMatch(/FAKTORY_URL=tcp:\/\/127.0.0.1:\d+$/)
  expect(existsSync(path)).toBe(true)
  server.signal('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(existsSync(path)).toBe(false)
})

test('an ephemeral server takes flags all the same', async () => {
  const { start } = machine()
  const server = start(['server', '--ephemeral', '-w', ':0', '-l', 'debug'])
  await portOf(server)
  await server.said(/FAKTORY_URL/)
  expect(server.messages().filter((message) => message.startsWith('Web server'))).toEqual([])
})
