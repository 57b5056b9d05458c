import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { push, State } from '@jobmill/core'
import { formatTime } from '@jobmill/protocol'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { openEmbedded } from '../../packages/server/src/store/embedded/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { contractSuite } from './contract.ts'
import { ask, openEmbeddedBench, TestClock, wire } from './harness.ts'

contractSuite('embedded', openEmbeddedBench)

test('nothing is answered from a part of the data while it is loading', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobmill-loading-'))
  const clock = new TestClock()
  const open = (): Store =>
    openEmbedded({
      folder,
      durability: 'relaxed',
      memoryBytes: 1_000_000,
      clock,
      log: pino({ level: 'silent' }),
    })
  const ready = (store: Store): Promise<void> =>
    new Promise((resolve) => {
      store.onHealth(({ state }) => {
        if (state === 'ready') resolve()
      })
    })
  const before = open()
  const first = ready(before)
  await before.open()
  await first
  await ask(before, push, wire({ jid: 'job-waiting' }))
  await ask(before, push, wire({ jid: 'job-later-1', at: formatTime(clock.ms + 60_000) }))
  await before.close()

  const store = open()
  const again = ready(store)
  await store.open()
  expect(store.health().state).toBe('loading')
  const loading = { name: 'StoreError', code: 'loading' }
  await expect(store.stats()).rejects.toMatchObject(loading)
  await expect(store.latency('default')).rejects.toMatchObject(loading)
  await expect(store.select(State.Scheduled, {})).rejects.toMatchObject(loading)
  await again
  expect(await store.stats()).toMatchObject({ scheduled: 1 })
  await store.close()
  rmSync(folder, { recursive: true })
})
