import { afterEach, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { RawPeer } from '../support/raw.ts'
import { startServer, type RunningServer } from '../support/server.ts'

let server: RunningServer
afterEach(async () => {
  RawPeer.dropAll()
  await server.stop()
})

const pushOf = (jid: string): string => `PUSH ${JSON.stringify({ jid, jobtype: 'T', args: [] })}`

const logged = (text: RegExp): number =>
  server
    .output()
    .split('\n')
    .filter((line) => text.test(line)).length

test('connections that say nothing use up no descriptor that those who work need', async () => {
  server = await startServer({ openFiles: 160 })
  const worker = await FwpConnection.open({ port: server.port, wid: 'w' })
  const silent: RawPeer[] = []
  for (let i = 0; i < 200; i += 1) silent.push(await RawPeer.connect(server.port))
  for (const peer of silent) await peer.until(/\r\n/)
  const greeted = silent.filter(({ text }) => text === '+HI {"v":2}\r\n')
  const refused = silent.filter((peer) => !greeted.includes(peer))
  expect(greeted.length).toBeGreaterThan(50)
  expect(refused.length).toBeGreaterThan(20)
  for (const peer of refused) {
    expect(await peer.untilEnd()).toMatch(/^-ERR too many connections: \d+\r\n$/)
  }
  expect(logged(/too many connections: raise ulimit -n/)).toBe(1)

  // Those who were there go on, with all that takes a descriptor for a moment.
  expect((await worker.send(pushOf('job-00000001'))).text).toBe('OK')
  expect((await worker.send('FETCH default')).text).toContain('job-00000001')
  expect((await worker.send('FAIL {"jid":"job-00000001"}')).text).toBe('OK')
  expect((await worker.send('INFO')).text).toContain('"retries":1')
  const kill = { cmd: 'kill', target: 'retries', filter: { jids: ['job-00000001'] } }
  expect((await worker.send(`MUTATE ${JSON.stringify(kill)}`)).text).toBe('OK')
  expect((await worker.send('INFO')).text).toContain('"dead":1')

  RawPeer.dropAll()
  await expect
    .poll(() => FwpConnection.open({ port: server.port }).then((peer) => peer.isOpen))
    .toBe(true)
})

test('clients past the limit are told so behind their HELLO, and let in again when others go', async () => {
  server = await startServer({ openFiles: 110, web: false })
  const peers: RawPeer[] = []
  for (let i = 0; i < 10; i += 1) peers.push(await RawPeer.greet(server.port))
  const late = await RawPeer.connect(server.port)
  late.send('HELLO {"v":2}\r\nINFO\r\n')
  expect(await late.untilEnd()).toBe('+HI {"v":2}\r\n+OK\r\n-ERR too many connections: 11\r\n')
  expect(logged(/four fifths of the connections/)).toBe(1)
  peers[0]?.send('END\r\n')
  await peers[0]?.untilEnd()
  peers[0]?.drop()
  await expect
    .poll(async () => {
      const again = await RawPeer.connect(server.port)
      again.send('HELLO {"v":2}\r\nINFO\r\n')
      return (await again.until(/-ERR|"connections":10/)).includes('-ERR')
    })
    .toBe(false)
})
