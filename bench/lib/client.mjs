// One connection that speaks just enough of the protocol to ask a server things.
import { connect } from 'node:net'

/** The server answered with an error line. */
export class ErrorReply extends Error {
  name = 'ErrorReply'
}

/**
 * Connects and does the handshake. Rejects when the connection fails or closes.
 * @returns command(line): the reply's text (a bulk's content, null for none); infoOf(): INFO parsed;
 * close(). `greetedAtMs`: when the greeting came, on the clock of performance.now().
 */
export async function openClient(port) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const waiting = []
  let rest = Buffer.alloc(0)
  let failure
  const fail = (error) => {
    failure ??= error
    for (const { reject } of waiting.splice(0)) reject(failure)
  }
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let reply = takeReply(rest); reply !== undefined; reply = takeReply(rest)) {
      rest = rest.subarray(reply.end)
      const next = waiting.shift()
      if (next === undefined) continue
      if (reply.error === undefined) next.resolve(reply.text)
      else next.reject(new ErrorReply(reply.error))
    }
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  const reply = () =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) reject(failure)
      else waiting.push({ resolve, reject })
    })
  const command = (line) => {
    const answer = reply()
    socket.write(`${line}\r\n`)
    return answer
  }
  let greetedAtMs
  try {
    const greeting = await reply()
    if (!greeting.startsWith('HI ')) throw new Error(`not a greeting: ${greeting}`)
    greetedAtMs = performance.now()
    await command('HELLO {"hostname":"bench","pid":1,"labels":[],"v":2}')
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    greetedAtMs,
    command,
    infoOf: async () => JSON.parse(await command('INFO')),
    close: () => socket.destroy(),
  }
}

/** The first whole reply in `bytes`: { text, end } or { error, end }; undefined: not all there yet. */
function takeReply(bytes) {
  const newline = bytes.indexOf('\r\n')
  if (newline === -1) return undefined
  const line = bytes.toString('utf8', 1, newline)
  const end = newline + 2
  if (bytes[0] === 0x2b /* + */) return { text: line, end }
  if (bytes[0] === 0x2d /* - */) return { error: line, end }
  const length = Number(line)
  if (length < 0) return { text: null, end }
  if (bytes.length < end + length + 2) return undefined
  return { text: bytes.toString('utf8', end, end + length), end: end + length + 2 }
}

/** Opens, does `work(client)`, closes. */
export async function withClient(port, work) {
  const client = await openClient(port)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}
