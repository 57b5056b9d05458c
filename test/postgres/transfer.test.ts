import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, seed, type Site } from '../web/site.ts'
import { openDatabase, type Database } from './database.ts'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const run = promisify(execFile)

let database: Database
let dir = ''
beforeAll(async () => {
  database = await openDatabase()
  dir = mkdtempSync(join(tmpdir(), 'jobmill-transfer-'))
})
afterAll(async () => {
  await database.close()
  rmSync(dir, { recursive: true })
})

const SCHEMA = `transfer_${process.pid}`
const transfer = (from: string, to: string) =>
  run(process.execPath, [
    COMMAND,
    'transfer',
    '--from',
    from,
    '--to',
    to,
    '--database-schema',
    SCHEMA,
  ])

/** Not the retries, which fall due while the test runs. */
async function sums(site: Site): Promise<unknown> {
  const overview = (await (await site.get('/api/v1/overview')).json()) as Record<string, number>
  const { processed, failures, running, scheduled, dead } = overview
  return { processed, failures, running, scheduled, dead }
}

/** Everything that a server shows of its jobs, in order. */
async function contents(args: readonly string[]): Promise<unknown> {
  const site = await openSite({ args })
  const read = async (path: string): Promise<unknown> => (await site.get(`/api/v1${path}`)).json()
  const shown = {
    inWebhooks: await read('/jobs?state=waiting&queue=webhooks&limit=100'),
    mailers: await read('/jobs?state=waiting&queue=mailers'),
    running: await read('/jobs?state=running'),
    scheduled: await read('/jobs?state=scheduled'),
    dead: await read('/jobs?state=dead'),
    webhooks: await read('/queues/webhooks'),
    sums: await sums(site),
  }
  await site.stop()
  // Cursors hold seqs, which are given anew.
  const plain = JSON.stringify(shown, (key: string, value: unknown) =>
    ['next', 'previous', 'oldest_s'].includes(key) ? undefined : value,
  )
  return JSON.parse(plain)
}

test('everything goes to a database and back', { timeout: 120_000 }, async () => {
  const first = join(dir, 'first')
  const site = await openSite({ dir: first })
  await seed(site)
  await site.stop()
  const before = await contents(['-d', first])
  expect(before).toMatchObject({ sums: { running: 1, dead: 2, processed: 6 } })

  const { stdout } = await transfer(first, database.url)
  expect(stdout).toMatch(/^queue webhooks +14$/m)
  expect(stdout).toMatch(/the same on both sides\n$/)
  const there = ['--database', database.url, '--database-schema', SCHEMA]
  expect(await contents(there)).toEqual(before)

  const again = transfer(first, database.url)
  await expect(again).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the target is not empty') as string,
  })
  const second = join(dir, 'second')
  await transfer(database.url, second)
  expect(await contents(['-d', second])).toEqual(before)
})
