// latencyN: N pushes a second at random moments, whatever the server does; the time counts from when
// a push was due, so a stall is not flattered.
import { median, spread } from '../lib/numbers.mjs'
import { goal, table } from '../lib/report.mjs'

const CONNECTIONS = 50
const US_PER_MS = 1000

const COLUMNS = {
  'push → received p50 ms': (r) => r.push_to_received_us.p50 / US_PER_MS,
  'p90 ms': (r) => r.push_to_received_us.p90 / US_PER_MS,
  'p99 ms': (r) => r.push_to_received_us.p99 / US_PER_MS,
  'p99.9 ms': (r) => r.push_to_received_us.p999 / US_PER_MS,
  'max ms': (r) => r.push_to_received_us.max / US_PER_MS,
  'push → +OK p50 ms': (r) => r.push_us.p50 / US_PER_MS,
  '+OK p99 ms': (r) => r.push_us.p99 / US_PER_MS,
  'CPU µs/job': (r) => r.cpuUs,
  'generator late at most ms': (r) => r.generator_late_max_us / US_PER_MS,
  'others %': (r) => r.others_cpu_percent,
}

function goalsOf(rate, reports) {
  const p50 = median(reports.map(COLUMNS['push → received p50 ms']))
  const p99 = median(reports.map(COLUMNS['p99 ms']))
  const text = (which) => `push → received at ${rate.toLocaleString('en-US')} jobs/s: ${which}`
  if (rate === 1000)
    return [
      goal(text('p50'), p50, { most: 0.5 }, ' ms'),
      goal(text('p99'), p99, { most: 3 }, ' ms'),
    ]
  return rate === 3000 ? [goal(text('p99'), p99, { most: 10 }, ' ms')] : []
}

/** @param rate pushes a second */
export async function latency(context, rate) {
  const { settings } = context
  const { jobmill } = await context.servers()
  const reports = []
  for (let round = 0; round < settings.rounds; round++) {
    const args = {
      mode: 'latency',
      rate,
      seconds: 2 * settings.seconds,
      poisson: true,
      flush: true,
    }
    reports.push(await context.runCalm(jobmill, { connections: CONNECTIONS, ...args }))
  }
  const cells = Object.entries(COLUMNS).map(([head, read]) => [head, spread(reports.map(read))])
  return {
    title: `latency: an open loop of ${rate.toLocaleString('en-US')} jobs/s`,
    tables: [table([Object.fromEntries(cells)])],
    goals: settings.durability === 'full' ? goalsOf(rate, reports) : [],
    raw: reports,
  }
}
