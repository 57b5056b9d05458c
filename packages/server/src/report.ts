import { writeInfo, writeServer, type TaskInfo } from '@jobmill/protocol'
import { performance } from 'node:perf_hooks'
import type { Clock } from './clock.ts'
import type { Store } from './store/store.ts'
import type { TaskCount, TaskName } from './tasks/scheduler.ts'

/** Where the numbers come from that the store does not know. */
export interface Sources {
  readonly store: Pick<Store, 'stats'>
  readonly clock: Clock
  readonly version: string
  readonly tasks: Readonly<Record<TaskName, TaskCount>>
  /** Workers reaped since the start. */
  reaped(): number
  connections(): number
  /** Known commands since the start. */
  commands(): number
}

/** What INFO, /stats and /health tell. Source: docs/protocol.md, "INFO" */
export class Report {
  readonly #sources: Sources
  readonly #startedMs = performance.now()

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** INFO's JSON. */
  async info(): Promise<string> {
    const { store, clock, tasks, reaped } = this.#sources
    const stats = await store.stats()
    const { dead, retries, scheduled, working } = stats
    return writeInfo({
      nowMs: clock.now(),
      queues: stats.queues,
      sets: { dead, retries, scheduled, working },
      tasks: {
        Busy: { size: working, reaped: tasks.Busy.handled },
        Dead: timed(tasks.Dead, dead),
        Retries: timed(tasks.Retries, retries),
        Scheduled: timed(tasks.Scheduled, scheduled),
        Workers: { size: stats.workers, reaped: reaped() },
      },
      totalFailures: stats.failures,
      totalProcessed: stats.processed,
      ...this.#server(),
    })
  }

  /** The part about the server alone: asks nothing of the store. */
  server(): Record<string, string | number> {
    return writeServer(this.#server())
  }

  #server() {
    return {
      description: `Jobmill ${this.#sources.version}`,
      uptimeS: Math.floor((performance.now() - this.#startedMs) / 1000),
      connections: this.#sources.connections(),
      commandCount: this.#sources.commands(),
      usedMemoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    }
  }
}

const timed = (count: TaskCount, size: number): TaskInfo => ({
  size,
  cycles: count.cycles,
  enqueued: count.handled,
  wallTimeS: Number(count.wallTimeS.toFixed(6)),
})
