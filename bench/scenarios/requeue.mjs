// requeue: a whole set moved to its queues by one MUTATE, while other connections push and work.
import { withClient } from '../lib/client.mjs'
import { fill } from '../lib/fill.mjs'
import { show } from '../lib/numbers.mjs'
import { table } from '../lib/report.mjs'
import { nowMs, sleep } from '../lib/wait.mjs'

const SCHEDULED = 1_000_000
const QUICK_SCHEDULED = 1_000
const AHEAD_S = 30 * 86_400
/** The first retry comes due after 15 s at the earliest: the set must be moved before. */
const FAIL_S = 6
const QUICK_FAIL_S = 0.2
const RATE = 1000
const BASELINE_S = 4
const LIMIT_S = 600

/**
 * The traffic beside: an open loop on a queue of its own. Its 100 pushing connections keep up with the
 * rate as long as a push takes less than 100 ms; beyond, pushes queue up and their times grow.
 */
const TRAFFIC = { mode: 'latency', rate: RATE, poisson: true, connections: 200, limit: LIMIT_S }

/** The set's size, by its name in MUTATE. */
async function sizeOf(client, target) {
  return (await client.infoOf()).faktory.sets[target]
}

/** Moves all of a set beside traffic. The traffic's report covers the move and little else. */
async function moveAll(context, server, target) {
  const prefix = `beside-${target}`
  const traffic = { ...TRAFFIC, seconds: LIMIT_S, 'queue-prefix': prefix }
  const load = context.beside(server, traffic)
  // Watched from the start: a generator that fails must not go unheard while the move is awaited.
  const done = load.done.then(
    (report) => ({ report }),
    (error) => ({ error }),
  )
  await sleep(300)
  const { jobs, seconds } = await withClient(server.port, async (client) => {
    const jobs = await sizeOf(client, target)
    const from = nowMs()
    await client.command(`MUTATE {"cmd":"requeue","target":"${target}"}`)
    const seconds = (nowMs() - from) / 1000
    const left = await sizeOf(client, target)
    if (left !== 0) throw new Error(`${left} jobs are still ${target} after the requeue`)
    return { jobs, seconds }
  })
  load.stop()
  const { report, error } = await done
  if (error !== undefined) throw error
  return { target, jobs, seconds, report }
}

async function scheduledCase(context) {
  const { quick } = context.settings
  const server = await context.fresh()
  try {
    await fill(context, server, quick ? QUICK_SCHEDULED : SCHEDULED, { 'at-in': AHEAD_S })
    const seconds = quick ? 0.2 : BASELINE_S
    const args = { ...TRAFFIC, seconds, 'queue-prefix': 'baseline' }
    const baseline = await context.run(server, args)
    return [
      { target: 'none', jobs: 0, report: baseline },
      await moveAll(context, server, 'scheduled'),
    ]
  } finally {
    await server.stop()
  }
}

async function retriesCase(context) {
  const { quick } = context.settings
  const server = await context.fresh()
  try {
    context.say('failing jobs')
    const fails = { mode: 'mixed', 'fail-percent': 100, 'scheduled-percent': 0 }
    await context.run(server, { ...fails, seconds: quick ? QUICK_FAIL_S : FAIL_S })
    return await moveAll(context, server, 'retries')
  } finally {
    await server.stop()
  }
}

function row({ target, jobs, seconds, report }, baseline) {
  const { push_us: push, push_to_received_us: received } = report
  // What the traffic costs by itself is taken off.
  const cpuUs = ((report.cpuUs - baseline.cpuUs) * report.jobs) / jobs
  const moved = jobs > 0
  return {
    moved: target === 'none' ? 'nothing (traffic alone)' : `all ${target}`,
    jobs: moved ? jobs.toLocaleString('en-US') : '',
    seconds: moved ? show(seconds) : '',
    'CPU µs/job': moved ? show(cpuUs) : '',
    'push → +OK p50 ms': show(push.p50 / 1000),
    'p99 ms': show(push.p99 / 1000),
    'max ms': show(push.max / 1000),
    'push → received p99 ms': show(received.p99 / 1000),
    'others %': show(report.others_cpu_percent),
  }
}

export async function requeue(context) {
  const cases = [...(await scheduledCase(context)), await retriesCase(context)]
  const baseline = cases[0].report
  return {
    title: `requeue: a set moved by one MUTATE, beside ${RATE.toLocaleString('en-US')} pushes/s`,
    tables: [table(cases.map((one) => row(one, baseline)))],
    notes: [
      'The pushes are an open loop over 100 connections: their times count from when each was due, and ' +
        'grow without end while a push takes more than 100 ms.',
    ],
    raw: cases,
  }
}
