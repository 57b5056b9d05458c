// million: a million jobs through and done; what is left in memory and on disk, and the longest stall.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { withClient } from '../lib/client.mjs'
import { short } from '../lib/fill.mjs'
import { COLLECTABLE, heldRssMb, rssMb, settledRssMb } from '../lib/memory.mjs'
import { show } from '../lib/numbers.mjs'
import { goal, table } from '../lib/report.mjs'
import { sleep } from '../lib/wait.mjs'

const CONNECTIONS = 50
const SETTLE_MS = 60_000
const FILES = ['jobmill.db', 'jobmill.db-wal']
/** A second, smaller lot must fit into the pages that the first has freed. */
const GROWTH = 1.1
const GROWTH_MB = 1

function fileMb(folder, name) {
  return (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0) / 1e6
}

async function lot(context, server, jobs, goalMb) {
  const report = await context.run(server, {
    mode: 'cycle',
    connections: CONNECTIONS,
    jobs,
    limit: 1200,
  })
  const endMb = rssMb(server.pid)
  const settledMb = await settledRssMb(server.pid, goalMb, context.settings.quick ? 0 : SETTLE_MS)
  const heldMb = await heldRssMb(server.pid)
  const left = await withClient(server.port, (client) => client.infoOf())
  const files = Object.fromEntries(FILES.map((name) => [name, fileMb(server.folder, name)]))
  const { total_enqueued: queued, sets } = left.faktory
  return { jobs, report, endMb, settledMb, heldMb, files, left: queued + sets.working }
}

const COLUMNS = {
  'jobs/s': ({ report }) => report.jobs_per_s,
  'RSS at the end MB': ({ endMb }) => endMb,
  'settled MB': ({ settledMb }) => settledMb,
  'held MB': ({ heldMb }) => heldMb,
  'jobmill.db MB': ({ files }) => files['jobmill.db'],
  '-wal MB': ({ files }) => files['jobmill.db-wal'],
  'push reply p99 ms': ({ report }) => report.push_us.p99 / 1000,
  'push reply max ms': ({ report }) => report.push_us.max / 1000,
  'ACK reply max ms': ({ report }) => report.ack_us.max / 1000,
  'others %': ({ report }) => report.others_cpu_percent,
}

function row(after, cell) {
  const cells = Object.entries(COLUMNS).map(([head, read]) => [head, cell(read, head)])
  return { after, ...Object.fromEntries(cells) }
}

function rows(startMb, lots) {
  return [
    row('the start', (_, head) => (head === 'settled MB' ? show(startMb) : '')),
    ...lots.map((lot) => row(`${short(lot.jobs)} jobs`, (read) => show(read(lot)))),
  ]
}

function goalsOf(startMb, big, again) {
  const size = (one) => one.files['jobmill.db']
  return [
    goal('RSS after, of that at the start', big.settledMb / startMb, { most: 1.2 }, '×'),
    goal('longest wait for a push’s reply', big.report.push_us.max / 1000, { most: 100 }, ' ms'),
    goal('jobs left behind', big.left, { most: 0 }),
    goal(
      'database file after more jobs',
      size(again),
      { most: size(big) * GROWTH + GROWTH_MB },
      ' MB',
    ),
  ]
}

export async function million(context) {
  const { quick } = context.settings
  const [few, many, more] = quick ? [200, 1_000, 200] : [20_000, 1_000_000, 200_000]
  const server = await context.fresh({ nodeArgs: COLLECTABLE })
  try {
    await sleep(quick ? 0 : 2000)
    const startMb = rssMb(server.pid)
    const goalMb = 1.2 * startMb
    context.say(`${short(many)} jobs through`)
    const lots = []
    for (const jobs of [few, many, more]) lots.push(await lot(context, server, jobs, goalMb))
    const [, big, again] = lots
    return {
      title: `million: ${short(many)} jobs pushed, fetched and acknowledged`,
      tables: [table(rows(startMb, lots))],
      notes: [
        'Settled: idle, at most 60 s later. Held: after a forced collection. A commit that stalls shows as a push that waits.',
      ],
      goals: goalsOf(startMb, big, again),
      raw: { startMb, lots },
    }
  } finally {
    await server.stop()
  }
}
