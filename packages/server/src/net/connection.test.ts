import { push } from '@jobmill/core'
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { openListenerBench, type ListenerBench } from '../../../../test/support/listener.ts'
import { ask, wire } from '../../../../test/store/harness.ts'
import { RawPeer } from '../../../../test/support/raw.ts'

// On a machine that others keep busy.
vi.setConfig({ testTimeout: 30_000 })

const MIB = 1024 * 1024

let bench: ListenerBench
afterEach(async () => {
  vi.useRealTimers()
  RawPeer.dropAll()
  await bench.close()
})

const pushOf = (jid: string, queue = 'default'): string =>
  `PUSH {"jid":"${jid}","jobtype":"T","args":[],"queue":"${queue}"}\r\n`

const jids = (text: string): string[] =>
  [...text.matchAll(/"jid":"([^"]+)"/g)].map(([, jid = '']) => jid)

test('pipelined commands are answered in order, whichever is done first', async () => {
  bench = await openListenerBench({ info: '{"info":1}' })
  const peer = await RawPeer.greet(bench.port)
  // A push waits for the disk; an unknown ACK, a refusal and TRACK are known at once.
  peer.send(`${pushOf('job-00000001')}ACK {"jid":"unknown"}\r\nnonsense\r\n${pushOf('short')}`)
  peer.send('INFO\r\nFETCH default\r\nTRACK GET x\r\nPUSHB []\r\n')
  expect(await peer.until(/\{\}\r\n$/)).toMatch(
    new RegExp(
      [
        '^\\+OK',
        '\\+OK',
        '-ERR unknown command nonsense',
        '-ERR jobs must have a reasonable jid parameter',
        '\\$10\\r\\n\\{"info":1\\}',
        '\\$\\d+\\r\\n\\{"jid":"job-00000001".*\\}',
        '-ERR tracking subsystem is only available in Faktory Enterprise',
        '\\$2\\r\\n\\{\\}\\r\\n$',
      ].join('\\r\\n'),
    ),
  )
})

test('commands behind a FETCH that waits are carried out after it', async () => {
  bench = await openListenerBench()
  const waiting = await RawPeer.greet(bench.port)
  waiting.send(`FETCH mine\r\n${pushOf('job-behind-1', 'other')}FETCH mine other\r\n`)
  const other = await RawPeer.greet(bench.port)
  other.send('INFO\r\n')
  await other.until(/\{\}/)
  expect((await bench.store.store.stats()).queues.size).toBe(0)
  other.send(pushOf('job-first-1', 'mine'))
  expect(jids(await waiting.until(/job-behind-1/))).toEqual(['job-first-1', 'job-behind-1'])
})

test('the same bytes give the same answers, however they are cut', async () => {
  bench = await openListenerBench()
  const script = Buffer.from(
    `HELLO {"v":2,"wid":"wörker"}\r\n${pushOf('job-ünïcode-1')}\nFETCH  default \n` +
      'BEAT {"wid":"wörker"}\r\nFAIL {"jid":"job-ünïcode-1","message":"ä"}\r\nFLUSH\nEND\r\nINFO\r\n',
  )
  const timeless = (text: string): string => text.replace(/"\d{4}-[^"]*Z"/g, '"time"')
  const answers = async (pieces: readonly Buffer[]): Promise<string> => {
    const peer = await RawPeer.connect(bench.port)
    await peer.until(/\+HI/)
    for (const piece of pieces) await peer.sent(piece)
    const text = timeless(await peer.untilEnd())
    peer.drop()
    return text.replace(/\$\d+/, '$n')
  }
  const whole = await answers([script])
  expect(whole).toMatch(
    /\+HI.*\+OK\r\n\+OK\r\n-ERR unknown command \r\n\$n.*\+OK\r\n\+OK\r\n\+OK\r\n$/s,
  )
  expect(await answers([...script].map((byte) => Buffer.from([byte])))).toBe(whole)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(script.length), { maxLength: 8 }), async (places) => {
      const cuts = [0, ...places.sort((a, b) => a - b), script.length]
      const pieces = cuts.slice(1).map((to, i) => script.subarray(cuts[i], to))
      expect(await answers(pieces)).toBe(whole)
    }),
    { numRuns: 15 },
  )
})

test.each([
  ['no HELLO', 'INFO\r\n'],
  ['a HELLO without its brace', 'HELLO\r\n'],
  ['a HELLO with two blanks', 'HELLO  {"v":2}\r\n'],
  ['a HELLO that is no JSON', 'HELLO {"v":2\r\n'],
  ['a pid that is text', 'HELLO {"v":2,"pid":"7"}\r\n'],
  ['a version past 255', 'HELLO {"v":256}\r\n'],
  ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05])],
  ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
  ['more than 256 KiB before the HELLO', Buffer.alloc(256 * 1024 + 1, 'x')],
])('%s closes the connection without a word', async (_, bytes) => {
  bench = await openListenerBench()
  const peer = await RawPeer.connect(bench.port)
  await peer.until(/\+HI/)
  peer.send(bytes)
  expect(await peer.untilEnd()).toBe('+HI {"v":2}\r\n')
  expect(bench.listener.openConnections).toBe(0)
})

test('a connection that says nothing is closed after three seconds, not before', async () => {
  bench = await openListenerBench()
  const silent = await RawPeer.connect(bench.port)
  const open = await RawPeer.greet(bench.port)
  bench.later(2_000)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(silent.ended).toBe(false)
  bench.later(1_000)
  expect(await silent.untilEnd()).toBe('+HI {"v":2}\r\n')
  bench.later(3_600_000)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(open.ended).toBe(false)
})

test('a wrong password is told, logged once, and the rest of the bytes are not read', async () => {
  bench = await openListenerBench({ password: 'right' })
  for (let i = 0; i < 2; i += 1) {
    const peer = await RawPeer.connect(bench.port)
    await peer.until(/\+HI \{"v":2,"i":\d+,"s":"[0-9a-f]+"\}\r\n/)
    peer.forget()
    peer.send(`HELLO {"v":2,"pwdhash":"${'0'.repeat(64)}"}\r\nFLUSH\r\n`)
    expect(await peer.untilEnd()).toBe('-ERR Invalid password\r\n')
  }
  expect(bench.lines.filter(({ msg }) => /password/.test(msg))).toHaveLength(1)
  expect(bench.listener.commandCount).toBe(0)
})

test('a command past the limit is refused and closed, one at the limit is not', async () => {
  bench = await openListenerBench({ commandBytes: 300 * 1024 })
  const peer = await RawPeer.greet(bench.port)
  peer.send(`INFO ${'x'.repeat(300 * 1024 - 5)}\r\n`)
  // The CR counts: the limit is met without it.
  expect(await peer.untilEnd()).toBe('-ERR command longer than 307200 bytes\r\n')
  const other = await RawPeer.greet(bench.port)
  other.send(`INFO ${'x'.repeat(300 * 1024 - 5)}\n`)
  await other.until(/\{\}/)
})

test('END and what follows it get no answer', async () => {
  bench = await openListenerBench()
  const peer = await RawPeer.greet(bench.port)
  peer.send(`${pushOf('job-before-1')}END\r\n${pushOf('job-after-1')}`)
  expect(await peer.untilEnd()).toBe('+OK\r\n')
  const { queues } = await bench.store.store.stats()
  expect(queues.get('default')).toBe(1)
})

test('a peer that has said its last word is answered at once, but gets no job', async () => {
  bench = await openListenerBench()
  // No FETCH ends by its time.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const peer = await RawPeer.greet(bench.port, '"wid":"w"')
  peer.send(`${pushOf('job-00000001')}FETCH empty\r\n`)
  await peer.until(/OK/)
  peer.end()
  expect(await peer.untilEnd()).toBe('+OK\r\n$-1\r\n')
  const other = await RawPeer.greet(bench.port)
  other.send(pushOf('job-00000002', 'empty'))
  await other.until(/OK/)
  expect((await bench.store.store.stats()).working).toBe(0)
})

test.each([
  ['INFO', 'INFO\r\n'],
  ['FETCH', 'FETCH default\r\n'],
])('while more than 1 MiB of replies is unread, the next %s waits', async (_, command) => {
  bench = await openListenerBench({ info: JSON.stringify('x'.repeat(MIB)) })
  const { store } = bench.store
  const count = 24
  for (let i = 0; i < count; i += 1) {
    const jid = `job-${10_000 + i}`
    const text = JSON.stringify({ jid, jobtype: 'T', args: ['x'.repeat(MIB)] })
    await ask(store, push, wire({ jid, text }))
  }
  const peer = await RawPeer.greet(bench.port)
  peer.pause()
  peer.send(command.repeat(count))
  const other = await RawPeer.greet(bench.port)
  // What is there in one piece is taken in one turn, so others are served when that is over.
  await other.sent('TRACK\r\n')
  await other.until(/tracking/)
  // The socket's buffers take some more.
  await expect.poll(() => bench.listener.commandCount).toBeGreaterThan(1)
  const { commandCount } = bench.listener
  expect(commandCount).toBeLessThan(count / 2)
  peer.resume()
  const bytes = count * MIB
  await expect.poll(() => peer.text.length, { timeout: 10_000 }).toBeGreaterThan(bytes)
  expect(bench.listener.commandCount).toBe(count + 1)
})

test('behind a command that waits a quarter of a MiB is read, and no more', async () => {
  bench = await openListenerBench()
  let [held, most] = [0, 0]
  const { listener } = bench
  const holds = listener.holds.bind(listener)
  listener.holds = (bytes) => {
    held += bytes
    most = Math.max(most, held)
    holds(bytes)
  }
  const peer = await RawPeer.greet(bench.port)
  const count = 256
  peer.send('FETCH late\r\n' + `INFO ${'x'.repeat(64 * 1024)}\r\n`.repeat(count))
  await expect.poll(() => held).toBeGreaterThan(256 * 1024)
  await look()
  const other = await RawPeer.greet(bench.port)
  other.send(pushOf('job-00000001', 'late'))
  const answered = () => peer.text.split('{}').length - 1
  await expect.poll(answered, { timeout: 3_000 }).toBe(count)
  expect(most).toBeLessThan(MIB)
  expect(held).toBe(0)
})

/** Waits until deadlines have been looked at once more. */
const look = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300))

test('a peer that reads nothing for a minute is closed, with a line in the log', async () => {
  bench = await openListenerBench({ info: JSON.stringify('x'.repeat(MIB)) })
  const peer = await RawPeer.greet(bench.port)
  peer.pause()
  peer.send('INFO\r\n'.repeat(30))
  const closed = () => bench.lines.filter(({ msg }) => /reads none/.test(msg)).length
  await look()
  await look()
  bench.later(59_000)
  await look()
  expect(closed()).toBe(0)
  bench.later(1_000)
  await expect.poll(closed, { timeout: 3_000 }).toBe(1)
  await expect.poll(() => bench.listener.openConnections).toBe(0)
})

test('a peer that reads a long reply slowly is not closed', async () => {
  bench = await openListenerBench({ info: JSON.stringify('x'.repeat(32 * MIB)) })
  const peer = await RawPeer.greet(bench.port)
  peer.pause()
  peer.send('INFO\r\n')
  await look()
  for (let i = 0; i < 3; i += 1) {
    bench.later(40_000)
    const before = peer.text.length
    peer.resume()
    while (peer.text.length < before + 6 * MIB) await new Promise(setImmediate)
    peer.pause()
    await look()
    expect(bench.listener.openConnections).toBe(1)
  }
})
