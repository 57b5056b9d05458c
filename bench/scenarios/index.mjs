// Scenarios by name: "push", "pushb1000", "latency3000", …
import { UsageError } from '../lib/settings.mjs'
import { backlog } from './backlog.mjs'
import { latency } from './latency.mjs'
import { million } from './million.mjs'
import { requeue } from './requeue.mjs'
import { start } from './start.mjs'
import { throughput } from './throughput.mjs'

const PLAIN = { backlog, start, requeue, million }
const AS_FAST_AS_IT_GOES = ['push', 'drain', 'cycle']

/** @returns (context) => Promise<result of lib/report.mjs>. Throws UsageError for an unknown name. */
export function scenarioOf(name) {
  if (Object.hasOwn(PLAIN, name)) return PLAIN[name]
  if (AS_FAST_AS_IT_GOES.includes(name)) return (context) => throughput(context, name)
  const [, kind, figure] = /^(pushb|latency)(\d+)$/.exec(name) ?? []
  if (kind === 'pushb') return (context) => throughput(context, kind, Number(figure))
  if (kind === 'latency') return (context) => latency(context, Number(figure))
  throw new UsageError(`there is no scenario "${name}"`)
}
