import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../support/server.ts'
import { Peer } from './peer.ts'
import { play, type Case } from './player.ts'

const PASSWORD = 's3cret'
/** Not there yet: they answer what the open server answers, see below. */
const LATER = new Set(['TRACK', 'BATCH'])

interface Topic {
  readonly topic: string
  readonly cases: readonly Case[]
}

const topics = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(`${import.meta.dirname}/${name}`, 'utf8')) as Topic)
const needs = (item: Case, what: 'password' | 'no-password' | 'long'): boolean =>
  item.requires?.includes(what) === true

/** A server that serves the cases of one block, one after the other. */
function serverFor(password: string): () => RunningServer {
  let server: RunningServer | undefined
  beforeAll(async () => {
    server = await startServer(password === '' ? {} : { password })
  })
  afterAll(async () => {
    await server?.stop()
  })
  return () => {
    if (server === undefined) throw new Error('the server is not there')
    return server
  }
}

for (const [title, password, unfit] of [
  ['without a password', '', 'password'],
  ['with a password', PASSWORD, 'no-password'],
] as const) {
  describe(`transcripts ${title}`, () => {
    const server = serverFor(password)
    for (const { topic, cases } of topics) {
      // With a password only the handshake differs.
      if (password !== '' && topic !== 'handshake') continue
      for (const item of cases) {
        if (needs(item, unfit) || needs(item, 'long') || LATER.has(item.name)) continue
        it(`${topic}: ${item.name}`, () => play(server().port, password, item))
      }
    }
  })
}

describe('transcripts that take a minute, each on a server of its own', () => {
  for (const { topic, cases } of topics) {
    for (const item of cases.filter((each) => needs(each, 'long'))) {
      it.concurrent(`${topic}: ${item.name}`, async () => {
        const server = await startServer()
        try {
          await play(server.port, '', item)
        } finally {
          await server.stop()
        }
      })
    }
  }
})

describe('what comes later', () => {
  const server = serverFor('')
  it.each([
    ['TRACK GET x', 'tracking'],
    ['BATCH NEW {}', 'batch'],
  ])('%s is answered as the open server does', async (command, what) => {
    const peer = await Peer.connect(server().port)
    await peer.reply(1000)
    peer.send(Buffer.from(`HELLO {"v":2}\r\n${command}\r\n`))
    await peer.reply(1000)
    expect((await peer.reply(1000)).text).toBe(
      `ERR ${what} subsystem is only available in Faktory Enterprise`,
    )
    peer.close()
  })
})
