import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { machine } from '../config/command.ts'
import { Random } from '../support/random.ts'
import { freePort } from '../torture/port.ts'
import { openSite } from '../web/site.ts'
import { operator } from './operator.ts'

/** A port at which nobody listens. */
const somePort = (): Promise<number> => freePort(new Random(process.pid))

test('on the machine of the server nothing has to be said', async () => {
  const { write, run, start } = machine()
  const port = await somePort()
  write('.jobmill/conf.d/web.toml', `[web]\nbinding = "localhost:${port}"\npassword = "s3cret"\n`)
  const server = start(['-b', '127.0.0.1:0'])
  await server.said(/Web server now listening/)
  expect(run(['push', 'T']).code).toBe(0)
  expect(run(['queues']).stdout).toMatch(/\ndefault +1 /)
  const wrong = run(['queues'], { JOBMILL_WEB_PASSWORD: 'wrong' })
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  expect(wrong.stderr).toMatch(
    /^jobmill: http:\S+ does not take the password: jobmill config show tells which password/,
  )
})

test('where no server is, the message says what to do', async () => {
  const { run } = machine()
  const port = await somePort()
  expect(run(['queues', '-w', `127.0.0.1:${port}`])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      `jobmill: no server answers at http://127.0.0.1:${port} (ECONNREFUSED): start it with jobmill ` +
      'server, or give the address of its pages with --url (or its web binding with -w)\n',
  })
})

test.each([
  [
    ['--url', 'ops.example.com'],
    {},
    '--url is ops.example.com: it must be the address of the pages',
  ],
  [['-w', ':0'], {}, 'the pages and the API are turned off here'],
  [['-w', 'localhost:0'], {}, '[web] binding has port 0'],
  [['-e', 'production'], {}, 'production needs a password'],
  [[], { JOBMILL_WEB_PASSWORD: '/no/such/file' }, 'the password file /no/such/file cannot be read'],
])('settings that name no server are wrong usage: %j %j', (args, variables, words) => {
  const outcome = machine().run(['queues', ...args], variables)
  expect(outcome.code).toBe(2)
  expect(outcome.stderr).toContain(words)
})

test('passwords: of the variables, of the address, and the read-only one', async () => {
  const site = await openSite({
    password: 'open sesame',
    env: { JOBMILL_WEB_READONLY_PASSWORD: 'only looking' },
  })
  onTestFinished(() => site.stop())
  const { runBeside } = machine()
  const at = ['--url', site.url]
  const queues = (variables: Readonly<Record<string, string>>) =>
    runBeside(['queues', ...at], variables)
  expect((await queues({})).stderr).toContain(
    `${site.url} wants a password: with --url it is taken from JOBMILL_WEB_PASSWORD`,
  )
  expect((await queues({ JOBMILL_PASSWORD: 'open sesame' })).code).toBe(0)
  expect((await queues({ FAKTORY_PASSWORD: 'open sesame' })).code).toBe(0)
  const both = { JOBMILL_PASSWORD: 'another', JOBMILL_WEB_PASSWORD: 'open sesame' }
  expect((await queues(both)).code).toBe(0)
  const inAddress = site.url.replace('//', '//:open%20sesame@')
  expect((await runBeside(['queues', '--url', inAddress])).code).toBe(0)
  const looking = operator(site, 'only looking')
  expect((await looking('queues')).code).toBe(0)
  expect(await looking('push', 'T')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'jobmill: this access is read only\n',
  })
  // So that the log tells who did it.
  expect((await operator(site, 'open sesame')('push', 'T')).code).toBe(0)
  expect(site.server.output()).toMatch(/"by":"\w+".*an operator's action: push/)
})

test('what files say of a password goes to no other address, and strangers are told apart', async () => {
  const { write, runBeside } = machine()
  write('.jobmill/conf.d/web.toml', '[web]\npassword = "of this machine"\n')
  const seen: (string | undefined)[] = []
  const stranger = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Somebody</h1>')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void stranger.close())
  await new Promise((resolve) => stranger.once('listening', resolve))
  const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
  expect(await runBeside(['queues', '--url', url])).toEqual({
    code: 1,
    stdout: '',
    stderr: `jobmill: ${url} answers 200: that is no Jobmill; give the address of its pages with --url\n`,
  })
  expect(seen).toEqual([undefined])
})
