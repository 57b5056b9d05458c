import { formatTime } from './time.ts'

/** What a timed task did since the start. */
export interface TaskInfo {
  readonly size: number
  readonly cycles?: number
  readonly enqueued?: number
  readonly wallTimeS?: number
  readonly reaped?: number
}

/** What INFO and /stats tell. Source: docs/protocol.md, "INFO" */
export interface Info {
  readonly nowMs: number
  /** Every known queue and its waiting jobs. */
  readonly queues: ReadonlyMap<string, number>
  readonly sets: {
    readonly dead: number
    readonly retries: number
    readonly scheduled: number
    readonly working: number
  }
  readonly tasks: Readonly<Record<'Busy' | 'Dead' | 'Retries' | 'Scheduled' | 'Workers', TaskInfo>>
  readonly totalFailures: number
  readonly totalProcessed: number
  readonly description: string
  readonly uptimeS: number
  readonly connections: number
  readonly commandCount: number
  readonly usedMemoryMb: number
}

/** The Faktory version that the protocol follows; clients parse it as semver (docs/protocol.md T20). */
export const FAKTORY_VERSION = '1.10.0'

/** INFO as compact JSON, its members in Faktory's order. */
export function writeInfo(info: Info): string {
  const names = [...info.queues.keys()].sort()
  const queues = Object.fromEntries(names.map((name) => [name, info.queues.get(name) ?? 0]))
  const tasks = Object.entries(info.tasks).map(([name, task]) => [name, writeTask(task)] as const)
  let enqueued = 0
  for (const size of info.queues.values()) enqueued += size
  return JSON.stringify({
    now: formatTime(info.nowMs),
    server_utc_time: `${new Date(info.nowMs).toISOString().slice(11, 19)} UTC`,
    faktory: {
      queues,
      sets: {
        dead: info.sets.dead,
        retries: info.sets.retries,
        scheduled: info.sets.scheduled,
        working: info.sets.working,
      },
      tasks: Object.fromEntries(tasks),
      total_failures: info.totalFailures,
      total_processed: info.totalProcessed,
      total_enqueued: enqueued,
      total_queues: names.length,
    },
    server: writeServer(info),
  })
}

/** The part about the server alone: also what /health tells. */
export function writeServer(
  info: Pick<Info, 'description' | 'uptimeS' | 'connections' | 'commandCount' | 'usedMemoryMb'>,
): Record<string, string | number> {
  return {
    description: info.description,
    faktory_version: FAKTORY_VERSION,
    uptime: info.uptimeS,
    connections: info.connections,
    command_count: info.commandCount,
    used_memory_mb: info.usedMemoryMb,
  }
}

function writeTask(task: TaskInfo): Record<string, number> {
  if (task.reaped !== undefined) return { reaped: task.reaped, size: task.size }
  return {
    cycles: task.cycles ?? 0,
    enqueued: task.enqueued ?? 0,
    size: task.size,
    wall_time_sec: task.wallTimeS ?? 0,
  }
}
