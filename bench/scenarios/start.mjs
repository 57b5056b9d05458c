// start: from spawn to the first accepted command, with many jobs queued.
import { get } from 'node:http'
import { makeFolder, removeFolder } from '../lib/children.mjs'
import { openClient } from '../lib/client.mjs'
import { fill, short } from '../lib/fill.mjs'
import { rssMb } from '../lib/memory.mjs'
import { median, spread } from '../lib/numbers.mjs'
import { goal, table } from '../lib/report.mjs'
import { freePort, spawnJobmill } from '../lib/servers.mjs'
import { nowMs, until } from '../lib/wait.mjs'

const ROUNDS_MOST = 5
const START_MS = 60_000
/** How often the ports are tried: no figure is finer than this. */
const LOOK_MS = 5
/** Each look at /readyz costs the server some of what it needs for loading. */
const LOOK_READY_MS = 20

/** Depths, and the time that the goals allow, in ms. 0: what Node itself takes. */
const DEPTHS = [
  { jobs: 0 },
  { jobs: 1_000_000, mostMs: 1_000 },
  { jobs: 5_000_000, mostMs: 4_000, onlyFull: true },
]
const QUICK_DEPTHS = [{ jobs: 0 }, { jobs: 1_000, mostMs: 1_000 }]

function statusOf(port) {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', () => resolve(undefined))
  })
}

/**
 * Asks INFO until it is answered with all `jobs`. Counts the answers before: that the server is
 * loading, and counts of what it has loaded so far.
 */
async function firstAnswer(port, jobs) {
  let refusals = 0
  let partial = 0
  let found
  const client = await until(() => openClient(port).catch(() => undefined), START_MS, LOOK_MS)
  if (client === undefined) return undefined
  const whole = await until(
    () =>
      client.infoOf().then(
        (info) => {
          found = info.faktory.total_enqueued
          if (found !== jobs) partial++
          return found === jobs
        },
        (error) => {
          if (error.name !== 'ErrorReply') throw error
          refusals++
          return undefined
        },
      ),
    START_MS,
    LOOK_MS,
  )
  const answeredAtMs = nowMs()
  client.close()
  if (whole === undefined) throw new Error(`started with ${found} jobs, ${jobs} were there`)
  return { openAtMs: client.greetedAtMs, answeredAtMs, refusals, partial }
}

/** Starts the server once on `folder`. All times in ms from the spawn. */
async function startOnce(context, folder, { jobs }) {
  const { durability } = context.settings
  await context.calm()
  const [port, webPort] = [await freePort(), await freePort()]
  const from = nowMs()
  const server = spawnJobmill({ durability, folder, port, webPort })
  try {
    const ready = until(
      async () => ((await statusOf(webPort)) === 200 ? nowMs() : undefined),
      START_MS,
      LOOK_READY_MS,
    )
    const [first, readyAtMs] = await Promise.all([firstAnswer(port, jobs), ready])
    if (first === undefined || readyAtMs === undefined)
      throw new Error(`the server did not start:\n${server.output()}`)
    return {
      openMs: first.openAtMs - from,
      answeredMs: first.answeredAtMs - from,
      readyMs: readyAtMs - from,
      refusals: first.refusals,
      partial: first.partial,
      rssMb: rssMb(server.pid),
    }
  } finally {
    await server.stop()
  }
}

async function prepare(context, folder, depth) {
  const server = await context.fresh({ folder })
  if (depth.jobs > 0) await fill(context, server, depth.jobs)
  // As a crash would leave it: the write-ahead log not yet copied into the database.
  await server.kill()
}

async function startsAt(context, depth) {
  const { settings } = context
  const folder = makeFolder(settings.folder)
  try {
    await prepare(context, folder, depth)
    const killed = [await startOnce(context, folder, depth)]
    const stopped = []
    for (let i = 0; i < Math.min(settings.rounds, ROUNDS_MOST); i++)
      stopped.push(await startOnce(context, folder, depth))
    return { ...depth, stopped, killed }
  } finally {
    removeFolder(folder)
  }
}

const COLUMNS = {
  'greeted ms': (run) => run.openMs,
  'INFO answered ms': (run) => run.answeredMs,
  '/readyz 200 ms': (run) => run.readyMs,
  'told to wait': (run) => run.refusals,
  'INFO of a part': (run) => run.partial,
  'RSS MB': (run) => run.rssMb,
}

function rows({ jobs, stopped, killed }) {
  const row = (after, runs) => ({
    'jobs queued': jobs === 0 ? 'none' : short(jobs),
    'ended before by': after,
    ...Object.fromEntries(
      Object.entries(COLUMNS).map(([head, read]) => [head, spread(runs.map(read))]),
    ),
  })
  return [row('SIGKILL', killed), row('SIGTERM', stopped)]
}

function goalsOf({ jobs, mostMs, stopped }) {
  if (mostMs === undefined) return []
  const ready = median(stopped.map((run) => Math.max(run.answeredMs, run.readyMs)))
  return [goal(`start with ${short(jobs)} queued`, ready, { most: mostMs }, ' ms')]
}

export async function start(context) {
  const { settings } = context
  const depths = settings.quick
    ? QUICK_DEPTHS
    : DEPTHS.filter(({ onlyFull }) => settings.full || onlyFull !== true)
  const results = []
  for (const depth of depths) results.push(await startsAt(context, depth))
  return {
    title: 'start: from spawn to the first accepted command',
    tables: [table(results.flatMap(rows))],
    notes: [
      'The data is in the page cache: from a cold disk, add the read of the file. INFO of a part: answers ' +
        'that counted only what was loaded so far.',
    ],
    goals: results.flatMap(goalsOf),
    raw: results,
  }
}
