import { pino } from 'pino'
import { openPostgres } from '../../packages/server/src/store/postgres/engine.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { TestClock, type Bench, type OpenBench } from '../store/harness.ts'
import { runSql } from './database.ts'

let count = 0

/** Fresh engines on one database, each in a schema of its own. */
export function benchOn(url: () => string): OpenBench {
  return async () => {
    const schema = `bench_${process.pid}_${(count += 1)}`
    const clock = new TestClock()
    const woken: string[] = []
    const open = async (): Promise<Store> => {
      const store = openPostgres({
        url: url(),
        schema,
        clock,
        random: () => 0,
        strict: true,
        pollMs: 0,
        slowCountMs: Infinity,
        log: pino({ level: 'warn' }),
      })
      store.onQueued((queues) => woken.push(...queues))
      await store.open()
      return store
    }
    const bench: Bench = {
      clock,
      woken,
      store: await open(),
      async restart() {
        await bench.store.close()
        bench.store = await open()
      },
      async close() {
        await bench.store.close()
        await runSql(url(), `drop schema ${schema} cascade`)
      },
    }
    return bench
  }
}
