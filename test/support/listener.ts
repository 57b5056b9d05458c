import { pino } from 'pino'
import type { Context } from '../../packages/server/src/net/context.ts'
import { Activity } from '../../packages/server/src/activity/activity.ts'
import { Listener, type ListenerOptions } from '../../packages/server/src/net/listener.ts'
import { Sessions } from '../../packages/server/src/net/sessions.ts'
import { Waiting } from '../../packages/server/src/net/waiting.ts'
import { openEmbeddedBench, type Bench } from '../store/harness.ts'

/** One line of a log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [name: string]: unknown
}

/** A log whose lines are kept. */
export function keptLog() {
  const lines: LogLine[] = []
  const log = pino(
    { level: 'debug' },
    { write: (text: string) => void lines.push(JSON.parse(text) as LogLine) },
  )
  return { log, lines }
}

/** A listener on a free port of 127.0.0.1, over an engine on data of its own. */
export interface ListenerBench {
  readonly port: number
  readonly listener: Listener
  readonly context: Context
  readonly store: Bench
  readonly lines: readonly LogLine[]
  /** Moves the time that deadlines go by; they are looked at four times a second. */
  later(ms: number): void
  close(): Promise<void>
}

/** @param info what INFO answers */
export async function openListenerBench(
  options: Pick<ListenerOptions, 'commandBytes'> & { password?: string; info?: string } = {},
): Promise<ListenerBench> {
  const bench = await openEmbeddedBench()
  const { store, clock } = bench
  const { log, lines } = keptLog()
  const waiting = new Waiting()
  store.onQueued((queues) => waiting.wake(queues))
  const context: Context = {
    store,
    waiting,
    sessions: new Sessions(store, clock),
    clock,
    log,
    activity: new Activity(clock.now()),
    info: () => Promise.resolve(options.info ?? '{}'),
  }
  let laterMs = 0
  const listener = new Listener({
    context,
    password: options.password ?? '',
    ...(options.commandBytes === undefined ? {} : { commandBytes: options.commandBytes }),
    monotonic: () => performance.now() + laterMs,
  })
  const [address = ''] = await listener.listen([{ host: '127.0.0.1', port: 0 }])
  return {
    port: Number(address.split(':').at(-1)),
    listener,
    context,
    store: bench,
    lines,
    later: (ms) => {
      laterMs += ms
    },
    close: async () => {
      await listener.stop()
      await bench.close()
    },
  }
}
