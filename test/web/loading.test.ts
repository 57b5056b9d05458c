import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../interop/live/server.ts'
import { startServer } from '../support/server.ts'
import { faultsOf } from './html.ts'
import { openSite } from './site.ts'

const ROUNDS = 60

test('while data is loading the frame stands, and says how far it is', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'jobmill-loading-'))
  const first = await openSite({ dir })
  for (let i = 0; i < ROUNDS; i += 1) {
    const jobs = Array.from({ length: 1_000 }, (_, n) => ({
      jid: `loading-${i}-${n}`,
      jobtype: 'W',
      queue: 'deep',
      args: ['x'.repeat(200)],
    }))
    await first.say(`PUSHB ${JSON.stringify(jobs)}`)
  }
  await first.stop()

  const port = await freePort()
  const seen = new Map<number, string>()
  let over = false
  const watching = (async () => {
    while (!over) {
      const headers = { Accept: 'text/html' }
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers }).catch(() => undefined)
      if (response !== undefined) seen.set(response.status, await response.text())
      over = seen.has(200)
    }
  })()
  const second = await startServer({ dir, args: ['-w', `127.0.0.1:${port}`] })
  await watching
  expect([...seen.keys()]).toEqual([503, 200])
  const loading = seen.get(503) ?? ''
  expect(faultsOf(loading)).toEqual([])
  expect(loading).toContain('The store does not answer')
  expect(loading).toContain('<nav')
  // Nothing is known yet, so nothing is counted.
  expect(loading).not.toContain('class="n"')
  await second.stop()
  await rm(dir, { recursive: true })
})
