import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { RawPeer } from '../support/raw.ts'
import { startServer, type RunningServer } from '../support/server.ts'

const MIB = 1024 * 1024

let server: RunningServer
/** One that behaves: whatever others send, it is served. */
let witness: FwpConnection
beforeAll(async () => {
  server = await startServer({ web: false })
  witness = await FwpConnection.open({ port: server.port })
})
afterAll(async () => {
  RawPeer.dropAll()
  witness.end()
  await server.stop()
})

async function expectAlive(): Promise<void> {
  expect((await witness.send('PUSH {"jid":"job-witness","jobtype":"T","args":[]}')).text).toBe('OK')
  expect((await witness.send('INFO')).kind).toBe('bulk')
}

/** Words of the protocol and what may be mistaken for them, whole and in pieces. */
const word = fc.constantFrom(
  ...'PUSH PUSHB FETCH ACK FAIL BEAT INFO QUEUE MUTATE TRACK BATCH push'.split(' '),
  'HELLO {',
  ...['{"jid":"job-00000001","jobtype":"T","args":[]}', '{"jid":', '[', '[{}]', 'null', '{}', '""'],
  ...['{"wid":"w"}', 'PAUSE', 'LATENCY', 'NEW', '*', 'default', '{"cmd":"kill","target":"dead"}'],
  ...[' ', '  ', '\t', '\0', '\r', '\n', '\r\n', '\r\n', '\r\n', '\u{1F600}', '\uFEFF', '\u2028'],
)
const noise = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
)

/** Everything that a server may say, and nothing else. */
const REPLIES = /^(?:\+[^\r\n]*\r\n|-ERR [^\r\n]*\r\n|\$-1\r\n|\$\d+\r\n[^\r\n]*\r\n)*$/

test('whatever is sent after the HELLO, answers are whole, and the next client is served', async () => {
  const pieces = fc.array(noise, { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(pieces, fc.boolean(), async (sent, inPieces) => {
      // A FETCH may wait; who has said his last word is answered at once.
      const peer = await RawPeer.greet(server.port, '"wid":"w"')
      if (inPieces) for (const piece of sent) await peer.sent(piece)
      else peer.send(Buffer.concat(sent))
      peer.send('\r\nTRACK\r\n')
      peer.end()
      const said = await peer.untilEnd()
      peer.drop()
      expect(said).toMatch(REPLIES)
      expect(said).toMatch(/-ERR tracking subsystem [^\r\n]*\r\n$/)
    }),
    { numRuns: 150 },
  )
  await expectAlive()
}, 60_000)

test('whatever is sent instead of a HELLO is a close, at once or with its last byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { maxLength: 10 }), async (sent) => {
      const peer = await RawPeer.connect(server.port)
      // A close with bytes unread may take along what was sent, but not what was received.
      await peer.until(/\+HI/)
      for (const piece of sent) peer.send(piece)
      peer.end()
      expect(await peer.untilEnd()).toBe('+HI {"v":2}\r\n')
      peer.drop()
    }),
    { numRuns: 100 },
  )
  await expectAlive()
})

test('half a command and a drop leave nothing behind', async () => {
  const before = (await witness.send('INFO')).text ?? ''
  const whole = 'PUSH {"jid":"job-half-0001","jobtype":"T","args":[],"queue":"half"}'
  for (let length = 0; length <= whole.length; length += 3) {
    const peer = await RawPeer.greet(server.port)
    await peer.sent(whole.slice(0, length))
    peer.drop()
  }
  await expectAlive()
  const connections = (text: string): number =>
    (JSON.parse(text) as { server: { connections: number } }).server.connections
  await expect
    .poll(async () => connections((await witness.send('INFO')).text ?? ''))
    .toBe(connections(before))
  expect((await witness.send('INFO')).text).not.toContain('"half"')
})

test('lines of 32 MiB are taken, longer ones refused, and both are let go', async () => {
  const head = 'PUSH {"jid":"job-huge-0001","jobtype":"T","queue":"huge","args":["'
  const tail = '"]}\n'
  const fill = 32 * MIB - head.length - tail.length + 1
  const peer = await RawPeer.greet(server.port)
  peer.send(head + 'x'.repeat(fill) + tail)
  await peer.until(/^\+OK\r\n$/)
  const other = await RawPeer.greet(server.port)
  other.send(head + 'x'.repeat(fill + 1) + tail)
  expect(await other.untilEnd()).toBe('-ERR command longer than 33554432 bytes\r\n')
  await expectAlive()
  expect((await witness.send('QUEUE REMOVE huge')).text).toBe('OK')
}, 30_000)

test('JSON as deep as a line is long is an answer, not the end', async () => {
  for (const depth of [1_000, 100_000, 1_000_000]) {
    const peer = await RawPeer.greet(server.port)
    const args = '['.repeat(depth) + ']'.repeat(depth)
    peer.send(`PUSH {"jid":"job-deep-0001","jobtype":"T","queue":"deep","args":${args}}\r\n`)
    expect(await peer.until(/\r\n$/)).toMatch(/^(?:\+OK|-ERR invalid JSON: [^\r\n]*)\r\n$/)
    peer.drop()
    await expectAlive()
  }
  // What was taken can be handed out.
  expect((await witness.send('FETCH deep')).kind).toBe('bulk')
})

test('nothing of all this is a fault of the server', () => {
  expect(server.output()).not.toMatch(/please report it/)
})
