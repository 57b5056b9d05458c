import { expect, test } from 'vitest'
import { writeInfo, type Info } from './info.ts'

const task = { size: 1, cycles: 9, enqueued: 4, wallTimeS: 0.25 }
const INFO: Info = {
  nowMs: Date.UTC(2026, 6, 1, 10, 0, 0, 120),
  queues: new Map([
    ['low', 2],
    ['default', 12],
    ['__proto__', 1],
  ]),
  sets: { working: 2, scheduled: 1, retries: 3, dead: 0 },
  tasks: {
    Busy: { size: 2, reaped: 5 },
    Dead: task,
    Retries: task,
    Scheduled: task,
    Workers: { size: 1, reaped: 0 },
  },
  totalFailures: 5,
  totalProcessed: 100,
  description: 'Jobmill',
  uptimeS: 3600,
  connections: 4,
  commandCount: 1234,
  usedMemoryMb: 18,
}

test('INFO is compact JSON in Faktory’s order', () => {
  const timed = '{"cycles":9,"enqueued":4,"size":1,"wall_time_sec":0.25}'
  expect(writeInfo(INFO)).toBe(
    '{"now":"2026-07-01T10:00:00.12Z","server_utc_time":"10:00:00 UTC",' +
      '"faktory":{"queues":{"__proto__":1,"default":12,"low":2},' +
      '"sets":{"dead":0,"retries":3,"scheduled":1,"working":2},' +
      `"tasks":{"Busy":{"reaped":5,"size":2},"Dead":${timed},"Retries":${timed},` +
      `"Scheduled":${timed},"Workers":{"reaped":0,"size":1}},` +
      '"total_failures":5,"total_processed":100,"total_enqueued":15,"total_queues":3},' +
      '"server":{"description":"Jobmill","faktory_version":"1.10.0","uptime":3600,' +
      '"connections":4,"command_count":1234,"used_memory_mb":18}}',
  )
})

test('an empty server has an object of queues', () => {
  const info: unknown = JSON.parse(writeInfo({ ...INFO, queues: new Map() }))
  expect(info).toMatchObject({ faktory: { queues: {}, total_enqueued: 0, total_queues: 0 } })
})
