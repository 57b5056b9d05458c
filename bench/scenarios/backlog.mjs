// backlog: what many queued jobs cost in memory, and whether push and fetch care how many there are.
import { fill, short } from '../lib/fill.mjs'
import { COLLECTABLE, heldRssMb, rssMb, settledRssMb } from '../lib/memory.mjs'
import { median, show, spread } from '../lib/numbers.mjs'
import { goal, table } from '../lib/report.mjs'

const CONNECTIONS = 50
const SETTLE_MS = 30_000

/** Depths, and the memory that the goals allow at each, in MB. */
const DEPTHS = [
  { jobs: 1_000 },
  { jobs: 1_000_000, rssMostMb: 150 },
  { jobs: 10_000_000, rssMostMb: 400, onlyFull: true },
]
const QUICK_DEPTHS = [{ jobs: 100 }, { jobs: 1_000, rssMostMb: 150 }]

/** Pushed and then drained each round: the depth comes back to what it was. */
const BURST = 20_000
const QUICK_BURST = 300

/** One server a depth, all at once: so the rounds of all depths run in turns on the same machine. */
async function prepare(context, depth) {
  const server = await context.fresh({ nodeArgs: COLLECTABLE })
  const emptyMb = rssMb(server.pid)
  const filled = await fill(context, server, depth.jobs)
  const filledMb = rssMb(server.pid)
  const settledMb = await settledRssMb(
    server.pid,
    depth.rssMostMb ?? emptyMb,
    context.settings.quick ? 0 : SETTLE_MS,
  )
  const heldMb = await heldRssMb(server.pid)
  const memory = { emptyMb, filledMb, settledMb, heldMb }
  return { ...depth, server, ...memory, filled, pushes: [], drains: [] }
}

async function round(context, level) {
  const jobs = context.settings.quick ? QUICK_BURST : BURST
  const common = { connections: CONNECTIONS, jobs }
  const push = { mode: 'push', priorities: true, 'args-bytes': 22 }
  level.pushes.push(await context.run(level.server, { ...common, ...push }))
  level.drains.push(await context.run(level.server, { ...common, mode: 'drain' }))
}

/** CPU at a depth against the least depth, round by round. */
function costRatios(level, base) {
  const against = (of) => level[of].map((r, i) => r.cpuUs / base[of][i].cpuUs)
  return { push: against('pushes'), drain: against('drains') }
}

function row(level, base) {
  const ratio = costRatios(level, base)
  const first = level === base
  const others = [...level.pushes, ...level.drains].map((r) => r.others_cpu_percent)
  const perJob = ((level.heldMb - base.heldMb) * 1e6) / (level.jobs - base.jobs)
  return {
    'jobs queued': short(level.jobs),
    'RSS after the fill MB': show(level.filledMb),
    'settled MB': show(level.settledMb),
    'held MB': show(level.heldMb),
    'held bytes/job': first ? '' : show(perJob),
    'RSS after traffic MB': show(level.afterMb),
    'push CPU µs': spread(level.pushes.map((r) => r.cpuUs)),
    'push ratio': first ? '' : spread(ratio.push),
    'fetch + ack CPU µs': spread(level.drains.map((r) => r.cpuUs)),
    'fetch + ack ratio': first ? '' : spread(ratio.drain),
    'push jobs/s': spread(level.pushes.map((r) => r.jobs_per_s)),
    'drain jobs/s': spread(level.drains.map((r) => r.jobs_per_s)),
    'others %': spread(others),
  }
}

function goalsOf(levels) {
  const [base, ...deeper] = levels
  return deeper.flatMap((level) => {
    const { push, drain } = costRatios(level, base)
    const at = `${short(level.jobs)} queued`
    return [
      goal(`RSS with ${at}`, level.settledMb, { most: level.rssMostMb }, ' MB'),
      goal(`push with ${at}: CPU, of that at 1k`, median(push), { most: 1.2 }, '×'),
      goal(`fetch + ack with ${at}: CPU, of that at 1k`, median(drain), { most: 1.2 }, '×'),
    ]
  })
}

export async function backlog(context) {
  const { settings } = context
  const depths = settings.quick
    ? QUICK_DEPTHS
    : DEPTHS.filter(({ onlyFull }) => settings.full || onlyFull !== true)
  const levels = []
  try {
    for (const depth of depths) levels.push(await prepare(context, depth))
    // The first round of each only warms its server up.
    const rounds = settings.rounds + (settings.quick ? 0 : 1)
    for (let i = 0; i < rounds; i++) for (const level of levels) await round(context, level)
    for (const level of levels) {
      level.afterMb = rssMb(level.server.pid)
      if (!settings.quick) {
        level.pushes.shift()
        level.drains.shift()
      }
    }
  } finally {
    for (const level of levels) await level.server.stop()
  }
  const [base] = levels
  const raw = levels.map((level) => ({ ...level, server: undefined }))
  const bytes = Math.round(base.filled.job_bytes)
  return {
    title: `backlog: jobs of ${bytes} bytes, mixed priorities`,
    tables: [table(levels.map((level) => row(level, base)))],
    notes: [
      `Each round pushes ${short(settings.quick ? QUICK_BURST : BURST)} jobs and drains as many, ` +
        'the depths in turns, each on a server of its own. Settled: idle, at most 30 s after the fill. ' +
        'Held: after a forced collection.',
    ],
    goals: goalsOf(levels),
    raw,
  }
}
