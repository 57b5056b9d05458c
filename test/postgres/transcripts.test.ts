import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, it } from 'vitest'
import { startServer, type RunningServer } from '../support/server.ts'
import { play, type Case } from '../transcripts/player.ts'
import { openDatabase, type Database } from './database.ts'

/** Those that the engine has a part in. */
const TOPICS = ['ack-fail', 'beat', 'fetch', 'flush', 'info', 'mutate', 'push', 'queue', 'schedule']
/** As in transcripts.test.ts: what takes a minute is tried there. */
const UNFIT = new Set(['password', 'long'])
const LATER = new Set(['TRACK', 'BATCH'])

let database: Database
let server: RunningServer
beforeAll(async () => {
  database = await openDatabase()
  const args = ['--database-schema', `transcripts_${process.pid}`]
  server = await startServer({ args, env: { JOBMILL_DATABASE: database.url } })
})
afterAll(async () => {
  await server.stop()
  await database.close()
})

for (const topic of TOPICS) {
  const text = readFileSync(`${import.meta.dirname}/../transcripts/${topic}.json`, 'utf8')
  for (const item of (JSON.parse(text) as { cases: readonly Case[] }).cases) {
    if (item.requires?.some((what) => UNFIT.has(what)) === true || LATER.has(item.name)) continue
    it(`${topic}: ${item.name}`, () => play(server.port, '', item))
  }
}
