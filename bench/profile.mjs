#!/usr/bin/env node
// Where the server's time goes under one load: the dearest functions of each of its threads, as text.
import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeFolder } from './lib/children.mjs'
import { compileGenerator } from './lib/compile.mjs'
import { readProfiles, summarize } from './lib/cpu-profile.mjs'
import { fill } from './lib/fill.mjs'
import { startLoad } from './lib/generator.mjs'
import { startEcho, startJobmill } from './lib/servers.mjs'

const USAGE = `usage: node bench/profile.mjs [options]
  --scenario NAME     push, drain, cycle, mixed, pushbN or latencyN (push)
  --connections N     (50)
  --seconds S         (4)
  --durability D      full, strict or relaxed (full)
  --depth N           that many jobs of mixed priorities are queued before (0)
  --top N             functions per table (30)
  --interval US       between samples, in µs (200)
  --args-bytes B      length of a job's text argument (16)
  --echo              profile the bare echo instead (push)
  --keep DIR          copy the .cpuprofile files there, for a browser's developer tools
`

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'push' },
    connections: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '4' },
    durability: { type: 'string', default: 'full' },
    depth: { type: 'string', default: '0' },
    top: { type: 'string', default: '30' },
    interval: { type: 'string', default: '200' },
    'args-bytes': { type: 'string', default: '16' },
    echo: { type: 'boolean', default: false },
    keep: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const say = (text) => console.error(`… ${text}`)
const seconds = Number(options.seconds)
/** A drain must not run dry while it is watched: more a second than any server here does. */
const DRAINED_PER_S = 40_000

function loadOf(name) {
  const [, mode, figure] = /^(push|drain|cycle|mixed|pushb|latency)(\d*)$/.exec(name) ?? []
  const common = { mode, connections: options.connections, 'args-bytes': options['args-bytes'] }
  switch (mode) {
    case 'drain':
      return { ...common, seconds, preload: DRAINED_PER_S * seconds }
    case 'pushb':
      return { ...common, seconds, bulk: figure || 100 }
    case 'latency':
      return { ...common, seconds, rate: figure || 1000, poisson: true }
    case undefined:
      console.error(`there is no scenario "${name}"\n\n${USAGE}`)
      return process.exit(2)
    default:
      return { ...common, seconds }
  }
}

function startServer(folder) {
  const nodeArgs = [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-interval=${options.interval}`,
  ]
  return options.echo
    ? startEcho(nodeArgs)
    : startJobmill({ durability: options.durability, nodeArgs })
}

/** Warms up, fills, loads; @returns the generator's report of the last */
async function exercise(generator, server) {
  const load = loadOf(options.scenario)
  const flush = !options.echo
  say('warming up')
  await startLoad(generator, server, {
    ...load,
    seconds: 1,
    ...(load.preload ? { preload: 20_000 } : {}),
    flush,
  }).done
  const depth = Number(options.depth)
  const run = (to, args) => startLoad(generator, to, args).done
  if (depth > 0) await fill({ say, run }, server, depth)
  say(options.scenario)
  return run(server, { ...load, flush: flush && depth === 0 })
}

function printThread({ name, profile }, report) {
  const to = report.begun_monotonic_s + report.wall_s
  const { busyUs, idleUs, functions, files } = summarize(profile, report.begun_monotonic_s, to)
  const all = busyUs + idleUs
  if (all === 0) return
  const percent = (us) => `${((100 * us) / busyUs).toFixed(1)} %`.padStart(7)
  const perJob = (us) => (us / report.jobs).toFixed(2).padStart(8)
  const busy = `${((100 * busyUs) / all).toFixed(0)} % busy, ${perJob(busyUs).trim()} µs a job`
  console.log(`== ${name}: ${busy}\n`)
  const top = Number(options.top)
  console.log('  self µs/job        |  total µs/job        | function')
  for (const { where, selfUs, totalUs } of functions.slice(0, top))
    console.log(
      `${perJob(selfUs)} ${percent(selfUs)} | ${perJob(totalUs)} ${percent(totalUs)} | ${where}`,
    )
  console.log('\n  by file')
  for (const { file, selfUs } of files.slice(0, Math.ceil(top / 2)))
    console.log(`${perJob(selfUs)} ${percent(selfUs)} | ${file}`)
  console.log()
}

async function main() {
  if (options.help) return console.log(USAGE)
  const folder = makeFolder()
  const generator = compileGenerator()
  const server = await startServer(folder)
  const report = await exercise(generator, server)
  await server.stop()
  const rate = Math.round(report.jobs_per_s).toLocaleString('en-US')
  console.log(
    `${server.name} ${options.scenario}, ${report.connections} connections: ${rate} jobs/s;`,
  )
  console.log(
    `CPU µs a job by the system's account: main thread ${report.cpuMainUs}, other threads ${report.cpuRestUs}` +
      ' (the profiler itself included)\n',
  )
  const threads = readProfiles(folder)
  for (const thread of threads) printThread(thread, report)
  if (options.keep === undefined) return
  mkdirSync(options.keep, { recursive: true })
  for (const { file } of threads) copyFileSync(file, join(options.keep, basename(file)))
}

main().catch((error) => {
  console.error(error.name === 'NoGenerator' ? error.message : error.stack)
  process.exitCode = 1
})
