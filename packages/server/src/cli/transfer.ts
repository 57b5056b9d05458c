import { resolve } from 'node:path'
import type { Settings } from '../config/settings.ts'
import { createLog } from '../log.ts'
import { openStorage } from '../storage.ts'
import type { Store } from '../store/store.ts'
import { transfer } from '../transfer.ts'

const isDatabase = (where: string): boolean => /^postgres(?:ql)?:\/\//.test(where)

/** `jobmill transfer`: everything from one place to another. Rejects where that cannot be. */
export async function transferBetween(settings: Settings, from: string, to: string): Promise<void> {
  if (from === to) throw new Error('--from and --to are the same')
  const source = await opened(settings, from)
  try {
    const target = await opened(settings, to)
    try {
      const counts = await transfer(source, target, (jobs) => {
        if (jobs % 10_000 === 0) process.stderr.write(`${jobs} jobs\n`)
      })
      for (const [name, count] of Object.entries(counts)) {
        process.stdout.write(`${name.padEnd(24)} ${count}\n`)
      }
      process.stdout.write('the same on both sides\n')
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** A store whose data is all there. */
async function opened(settings: Settings, where: string): Promise<Store> {
  const log = createLog('warn')
  const own = isDatabase(where)
    ? { ...settings, database: where, databaseDirect: '' }
    : { ...settings, database: '', dataFolder: resolve(where) }
  const { store } = openStorage(own, log)
  const ready = new Promise<void>((done, reject) => {
    store.onHealth((health) => {
      if (health.state === 'ready') done()
      if (health.state === 'unwritable') reject(new Error(`${where}: ${health.reason}`))
    })
  })
  await store.open()
  if (store.health().state !== 'ready') await ready
  return store
}
