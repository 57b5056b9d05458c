// push, drain, cycle and pushbN: as fast as it goes, in turns with the echo.
import { mbOfMib } from '../lib/memory.mjs'
import { median, spread } from '../lib/numbers.mjs'
import { goal, table } from '../lib/report.mjs'

/** The goals hold for this many connections and full durability. */
const GOAL_CONNECTIONS = 50

/**
 * How a scenario loads the server, how many commands a job takes, and its goals. The echo cannot hand
 * out jobs, so its push is the floor per command of every kind. `withEcho` false: nothing to compare.
 */
const KINDS = {
  push: {
    title: 'push',
    commands: 1,
    withEcho: true,
    args: ({ seconds }) => ({ mode: 'push', seconds }),
    goals: ({ rate, cpu }) => [
      goal('push: jobs/s, of the echo’s', rate, { least: 0.7 }, '×'),
      goal('push: CPU per command, of the echo’s', cpu, { most: 1.6 }, '×'),
    ],
  },
  drain: {
    title: 'drain: fetch + acknowledge',
    commands: 2,
    withEcho: true,
    // More than can be drained in the time; what is left is flushed before the next run.
    args: ({ seconds, quick }) => ({
      mode: 'drain',
      preload: quick ? 500 : 30_000 * seconds,
      seconds,
    }),
    goals: ({ cpu }) => [
      goal('fetch + ack: CPU per command, of the echo’s', cpu, { most: 1.4 }, '×'),
    ],
  },
  cycle: {
    title: 'cycle: push + fetch + acknowledge at once',
    commands: 3,
    withEcho: true,
    args: ({ seconds, quick }) => ({ mode: 'cycle', jobs: quick ? 500 : 8_000 * seconds }),
    goals: ({ cpu }) => [goal('cycle: CPU per command, of the echo’s', cpu, { most: 1.4 }, '×')],
  },
  pushb: {
    title: 'PUSHB',
    commands: 1,
    withEcho: false,
    args: ({ seconds }, figure) => ({ mode: 'pushb', bulk: figure || 100, seconds }),
    goals: ({ jobsPerS }) => [goal('PUSHB of 100: jobs/s', jobsPerS, { least: 80_000 })],
  },
}

/** Echo and server in turns; who begins changes, so that neither always runs on a warmer machine. */
async function inTurns(context, kind, connections, figure) {
  const { settings } = context
  const { jobmill, echo } = await context.servers()
  const pairs = []
  for (let round = 0; round < settings.rounds; round++) {
    const pair = {}
    const turns = [
      async () => {
        const args = { connections, flush: true, ...kind.args(settings, figure) }
        pair.jobmill = await context.runCalm(jobmill, args)
      },
      async () => {
        if (!kind.withEcho) return
        const args = { connections, mode: 'push', seconds: settings.seconds }
        pair.echo = await context.runCalm(echo, args)
      },
    ]
    if (round % 2 === 1) turns.reverse()
    for (const turn of turns) await turn()
    pairs.push(pair)
  }
  return pairs
}

// The reply that a client waits for: to its push, or when it has none to its ACK.
const reply = (r) => r.pushb_us ?? r.push_us ?? r.ack_us

const COLUMNS = {
  'jobs/s': (r) => r.jobs_per_s,
  'CPU µs/job': (r) => r.cpuUs,
  'main thread': (r) => r.cpuMainUs,
  'other threads': (r) => r.cpuRestUs,
  'CPU µs/command': (r, commands) => r.cpuUs / commands,
  'RSS peak MB': (r) => mbOfMib(r.server_rss_mib_peak),
  'written B/job': (r) => r.server_written_bytes_per_job,
  'reply p50 µs': (r) => reply(r)?.p50,
  'p99 µs': (r) => reply(r)?.p99,
  'others %': (r) => r.others_cpu_percent,
}

/** @param cell (read) => text of one column */
function row(server, connections, cell) {
  const cells = Object.entries(COLUMNS).map(([head, read]) => [head, cell(read)])
  return { server, connections: String(connections), ...Object.fromEntries(cells) }
}

const measured = (reports, commands) => (read) => spread(reports.map((r) => read(r, commands)))

/** Ratios of the two runs of each round, since only runs side by side compare. */
function ratios(pairs, commands) {
  return {
    rate: pairs.map(({ jobmill, echo }) => jobmill.jobs_per_s / echo.jobs_per_s),
    cpu: pairs.map(({ jobmill, echo }) => jobmill.cpuUs / commands / echo.cpuUs),
  }
}

/** @param name push, drain, cycle or pushb   @param figure jobs per PUSHB */
export async function throughput(context, name, figure) {
  const kind = KINDS[name]
  const { settings } = context
  const rows = []
  const goals = []
  const raw = []
  for (const connections of settings.connections) {
    if (name === 'cycle' && connections < 2) continue
    const pairs = await inTurns(context, kind, connections, figure)
    raw.push(...pairs)
    const jobmill = pairs.map((pair) => pair.jobmill)
    rows.push(row('Jobmill', connections, measured(jobmill, kind.commands)))
    const found = { jobsPerS: median(jobmill.map((r) => r.jobs_per_s)) }
    if (kind.withEcho) {
      const echo = pairs.map((pair) => pair.echo)
      rows.push(row('echo', connections, measured(echo, 1)))
      const { rate, cpu } = ratios(pairs, kind.commands)
      rows.push({
        ...row('ratio', connections, () => ''),
        // A job of the others takes more commands than one: only CPU per command compares.
        'jobs/s': name === 'push' ? spread(rate) : '',
        'CPU µs/command': spread(cpu),
      })
      Object.assign(found, { rate: median(rate), cpu: median(cpu) })
    }
    const judged = connections === GOAL_CONNECTIONS && settings.durability === 'full'
    if (judged && !(name === 'pushb' && figure !== 100)) goals.push(...kind.goals(found))
  }
  const title = figure === undefined ? kind.title : `${kind.title} of ${figure}`
  return { title, tables: [table(rows)], goals, raw }
}
