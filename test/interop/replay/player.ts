import { createHash } from 'node:crypto'
import { Peer } from '../../transcripts/peer.ts'
import type { Accepts } from './accepts.ts'
import { difference } from './compare.ts'
import type { Line, RecordedReply, Session } from './recording.ts'

/** The longest wait for a reply: a FETCH that finds nothing takes 2 s. */
const REPLY_MS = 10_000

/** What others than the client take, is not its test. */
const ANYTHING = { test: () => true }

interface Connection {
  readonly peer: Peer
  /** Verbs of the commands that have no reply yet, oldest first; the greeting is owed first. */
  readonly owed: string[]
  /** Salt and rounds of the greeting. */
  hi: { readonly s?: string; readonly i?: number }
}

export interface PlayOptions {
  readonly port: number
  readonly password: string
  readonly accepts: Accepts
}

/**
 * Sends a session's lines as they stand, in their order, but for the hash of the password and the
 * day of each `at`, and compares what comes back. Nobody may say anything else.
 * @returns how many replies were compared
 * @throws at the first reply that the client would not take, or that Faktory did not give
 */
export async function play(session: Session, options: PlayOptions): Promise<number> {
  const connections = new Map<string, Connection>()
  const shiftMs = session.clockMs === undefined ? 0 : Date.now() - session.clockMs
  let compared = 0
  try {
    for (const line of session.lines) {
      if (line.kind === 'connect') {
        const peer = await Peer.connect(options.port)
        connections.set(line.connection, { peer, owed: ['HI'], hi: {} })
        continue
      }
      const connection = connections.get(line.connection)
      if (connection === undefined) throw new Error(`#${line.connection} is not connected`)
      compared += line.kind === 'server' ? 1 : 0
      await step(line, connection, options, shiftMs)
    }
    return compared
  } finally {
    for (const { peer } of connections.values()) peer.close()
  }
}

async function step(
  line: Line,
  connection: Connection,
  { password, accepts }: PlayOptions,
  shiftMs: number,
): Promise<void> {
  const { peer, owed } = connection
  if (line.kind === 'client FIN') peer.finish()
  if (line.kind === 'server FIN') await peer.end(REPLY_MS, false)
  if (line.kind === 'client') {
    const verb = /^[A-Z]+/.exec(line.bytes)?.[0] ?? ''
    if (verb !== 'END') owed.push(verb)
    const bytes = line.bytes.replace(/(?<="pwdhash":")[0-9a-f]{64}/, () => {
      return passwordHash(password, connection.hi)
    })
    peer.send(Buffer.from(shifted(bytes, shiftMs)))
  }
  if (line.kind === 'server') {
    const verb = owed.shift()
    if (verb === undefined) throw new Error('the recording has a reply that nothing asked for')
    const got = await replyOf(peer)
    if (verb === 'HI') connection.hi = JSON.parse(got.text.slice(3)) as Connection['hi']
    const recorded = { ...line.reply, text: shifted(line.reply.text, shiftMs) }
    const problem = difference(verb, recorded, got)
    if (problem !== undefined) throw new Error(`#${line.connection} ${verb}: ${problem}`)
    const takes = /^\d+$/.test(line.connection) ? (accepts[verb] ?? accepts['*']) : ANYTHING
    if (takes?.test(raw(got)) !== true) {
      throw new Error(`#${line.connection} ${verb}: the client would not take ${raw(got)}`)
    }
  }
}

async function replyOf(peer: Peer): Promise<RecordedReply> {
  const { kind, text } = await peer.reply(REPLY_MS)
  if (kind === ':') throw new Error('no client takes an integer')
  return { sign: kind, text }
}

function raw({ sign, text }: RecordedReply): string {
  if (sign === 'nil') return '$-1\r\n'
  if (sign === '$') return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
  return `${sign}${text}\r\n`
}

/** Moves each `at` with the clock; decimals and zone stay as the client writes them. */
function shifted(text: string, shiftMs: number): string {
  return text.replace(/(?<="at":")(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/g, (second) => {
    return new Date(Date.parse(`${second}Z`) + shiftMs).toISOString().slice(0, 19)
  })
}

function passwordHash(password: string, { s = '', i = 1 }: Connection['hi']): string {
  let hash = createHash('sha256')
    .update(password + s)
    .digest()
  for (let round = 1; round < i; round += 1) hash = createHash('sha256').update(hash).digest()
  return hash.toString('hex')
}
