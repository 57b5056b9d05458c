import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FwpConnection, monotonicMs } from '../support/fwp.ts'
import { Random } from '../support/random.ts'
import { startServer, type RunningServer } from '../support/server.ts'
import { Ledger } from './ledger.ts'
import { startLoad, type Load } from './load.ts'
import { freePort } from './port.ts'
import { readRows } from './rows.ts'
import { Target } from './target.ts'
import { judge, type Verdict } from './verdict.ts'

export interface TortureOptions {
  readonly seed: number
  readonly durability: 'full' | 'strict'
  readonly kills: number
}

export interface TortureResult extends Verdict {
  readonly pushed: number
  readonly handedOut: number
  readonly acknowledged: number
  readonly failed: number
  readonly kills: number
  /** Jobs in the file at the end. */
  readonly left: number
}

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const DRAIN_MS = 60_000

/**
 * Clients at full speed, a server that is killed again and again at random instants and started on
 * the same data and port, and at the end an account of every job. The seed decides when kills come
 * and what clients do; which commands they hit is up to the machine.
 */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const random = new Random(options.seed)
  const dir = await mkdtemp(join(tmpdir(), 'jobmill-torture-'))
  const ledger = new Ledger()
  const target = new Target(await freePort(random), ledger)
  const load = startLoad(target, {
    random: random.fork(),
    producers: 6,
    workers: 8,
    backlogMax: 5000,
    name: 'job',
  })
  const beginLife = () => {
    ledger.beginLife()
    // Little memory makes lanes go cold: then most jobs are read back from the file.
    const memory = random.pick(['1', '64'])
    const args = ['-b', `127.0.0.1:${target.port}`, '--durability', options.durability]
    return [...args, '--memory', memory]
  }
  const start = () => startServer({ dir, args: beginLife(), web: false })
  try {
    for (let kill = 0; kill < options.kills; kill += 1) {
      if (random.chance(0.15)) {
        await killWhileStarting(['-d', dir, ...beginLife()], random.integer(0, 500), ledger)
      } else {
        const server = await start()
        const lifeMs = random.chance(0.4) ? random.integer(0, 200) : random.integer(200, 2000)
        await Promise.race([pause(lifeMs), exitOf(server)])
        noteKill(ledger)
        await server.kill('SIGKILL')
      }
    }
    const last = await start()
    await pause(1000)
    await drain(target, load)
    await last.stop()
    const rows = readRows(dir)
    return {
      ...account(ledger, options, judge(ledger, rows, options.durability, Date.now())),
      left: rows.size,
    }
  } finally {
    load.stop()
    await load.ended.catch(() => undefined)
    await rm(dir, { recursive: true, force: true })
  }
}

/** The verdict, and how much there was to judge. */
export function account(ledger: Ledger, options: { readonly kills: number }, verdict: Verdict) {
  const jobs = [...ledger.jobs.values()]
  const answered = (sent: { answer?: { ok: boolean } }) => sent.answer?.ok === true
  const sum = (count: (job: (typeof jobs)[number]) => number) =>
    jobs.reduce((total, job) => total + count(job), 0)
  return {
    violations: verdict.violations,
    ranAgain: verdict.ranAgain,
    oldestUndoneMs: verdict.oldestUndoneMs,
    kills: options.kills,
    pushed: sum((job) => (answered(job.push) ? 1 : 0)),
    handedOut: sum((job) => job.handouts.length),
    acknowledged: sum((job) => job.acks.filter(answered).length),
    failed: sum((job) => job.fails.filter(answered).length),
  }
}

/** Lets the workers finish all that can run, then ends them. */
export async function drain(target: Target, load: Load): Promise<void> {
  load.drain()
  const endMs = monotonicMs() + DRAIN_MS
  const watcher = await FwpConnection.open({ port: target.port })
  for (;;) {
    const info = await watcher.send('INFO')
    const { faktory } = JSON.parse(info.text ?? '') as {
      faktory: { total_enqueued: number; sets: { scheduled: number } }
    }
    if (faktory.total_enqueued === 0 && faktory.sets.scheduled === 0) break
    if (monotonicMs() > endMs) throw new Error(`not drained: ${info.text ?? ''}`)
    await pause(100)
  }
  load.stop()
  watcher.end()
  await load.ended
}

function noteKill(ledger: Ledger): void {
  const life = ledger.lives.at(-1)
  if (life !== undefined) life.killedAtMs = monotonicMs()
}

/** Starts a server and kills it some ms later, whether it listens already or not. */
async function killWhileStarting(
  args: readonly string[],
  afterMs: number,
  ledger: Ledger,
): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }
  const stdio = 'ignore'
  const child = spawn(process.execPath, [COMMAND, 'server', '-w', ':0', ...args], { env, stdio })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  await pause(afterMs)
  noteKill(ledger)
  child.kill('SIGKILL')
  await exited
}

async function exitOf(server: RunningServer): Promise<never> {
  await server.exited
  throw new Error(`the server went down by itself:\n${server.output()}`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
