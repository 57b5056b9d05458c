import * as v from 'valibot'
import type { Answer } from './client.ts'
import { ApiError } from './client.ts'

/** What commands read of the API's answers. Source: docs/api.md and openapi.json of the server */
export const QUEUE = v.object({
  name: v.string(),
  paused: v.boolean(),
  waiting: v.number(),
  oldest_s: v.number(),
  by_priority: v.record(v.string(), v.number()),
})
export const QUEUES = v.object({ items: v.array(QUEUE) })
export type Queue = v.InferOutput<typeof QUEUE>

export const WHY = v.object({ code: v.string(), text: v.string() })

export const JOB = v.object({
  jid: v.string(),
  // As it was pushed: a client may have pushed something else than a text.
  jobtype: v.optional(v.unknown()),
  state: v.string(),
  queue: v.string(),
  priority: v.number(),
  enqueued_at: v.optional(v.string()),
  reserved_until: v.optional(v.string()),
  due_at: v.optional(v.string()),
  died_at: v.optional(v.string()),
  worker: v.optional(v.string()),
  created_at: v.optional(v.unknown()),
  retry: v.number(),
  reserve_for: v.number(),
  failure: v.optional(
    v.object({
      failed_at: v.optional(v.string()),
      errtype: v.optional(v.string(), ''),
      message: v.optional(v.string(), ''),
      backtrace: v.optional(v.array(v.string()), []),
      tries: v.number(),
    }),
  ),
  size: v.number(),
})
export type Job = v.InferOutput<typeof JOB>
export const STORY = v.object({ ...JOB.entries, why: WHY, others: v.array(JOB) })

export const JOBS = v.object({
  items: v.array(JOB),
  next: v.nullable(v.string()),
  total: v.number(),
  searched: v.number(),
})

export const WORKER = v.object({
  wid: v.string(),
  hostname: v.string(),
  pid: v.number(),
  labels: v.array(v.string()),
  state: v.string(),
  busy: v.number(),
  started_at: v.string(),
  beat_at: v.nullable(v.string()),
  rss_kb: v.number(),
})
export const WORKERS = v.object({ items: v.array(WORKER) })

export const TOTAL = v.object({ total: v.number() })
export const RECOVERED = v.object({ recovered: v.number() })
export const ACTION = v.object({
  id: v.string(),
  state: v.picklist(['running', 'done', 'stopped', 'failed']),
  total: v.number(),
  done: v.number(),
  moved_on: v.number(),
  failure: v.optional(v.string()),
})

/** Throws ApiError for an answer of another shape: a server of another version. */
export function read<T>(schema: v.GenericSchema<unknown, T>, { value }: Answer): T {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = issue.path?.map(({ key }) => String(key)).join('.') ?? ''
  throw new ApiError(
    `the server answers otherwise than this command expects (${path}: ${issue.message}): ` +
      'use the command of its version, or --json',
  )
}
