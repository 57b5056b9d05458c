import { monotonicMs, type Reply } from '../support/fwp.ts'
import type { Random } from '../support/random.ts'
import type { TrackedJob } from './ledger.ts'
import { QUEUES } from './producer.ts'
import type { Link, Target } from './target.ts'

export interface WorkerOptions {
  readonly target: Target
  readonly random: Random
  readonly wid: string
  /** Jobs that some worker holds and will settle later, perhaps in another life of the server. */
  readonly held: HeldJobs
  /** True: all jobs are acknowledged, at once. */
  draining(): boolean
}

/** Looked through at most so often. */
const LOOK_MS = 10

export class HeldJobs {
  #jobs: { readonly job: TrackedJob; readonly settleAtMs: number }[] = []
  #lookAtMs = 0

  /** @param settleAtMs by `monotonicMs()` */
  add(job: TrackedJob, settleAtMs: number): void {
    this.#jobs.push({ job, settleAtMs })
  }

  /** Takes out those whose time has come. */
  takeDue(nowMs: number): TrackedJob[] {
    if (nowMs < this.#lookAtMs) return []
    this.#lookAtMs = monotonicMs() + LOOK_MS
    const due = this.#jobs.filter((one) => one.settleAtMs <= nowMs)
    this.#jobs = this.#jobs.filter((one) => one.settleAtMs > nowMs)
    return due.map((one) => one.job)
  }
}

/** Fetches and settles jobs as fast as they come, until the target stops. */
export async function work(options: WorkerOptions): Promise<void> {
  for (;;) {
    const link = await options.target.connect(options.wid)
    if (link === undefined) return
    await workOver(link, options)
    link.connection.end()
  }
}

async function workOver(link: Link, options: WorkerOptions): Promise<void> {
  const { target, random } = options
  while (link.connection.isOpen && !target.stopped) {
    settleHeld(link, options)
    const queues = options.draining() ? [...QUEUES] : queuesOf(random)
    const { sent, reply } = target.send(link, `FETCH ${queues.join(' ')}`)
    const answer = await reply
    if (!target.ledger.answered(sent, answer, (r) => r.kind === 'bulk' || r.kind === 'nil')) {
      if (sent.answer !== undefined) target.ledger.violations.push(`FETCH: ${sent.answer.text}`)
      continue
    }
    if (answer.kind !== 'bulk') continue
    const job = target.ledger.handedOut(sent, answer.text)
    if (job !== undefined) settle(link, options, job)
  }
}

/** In any order and number: strict order among queues is tested elsewhere. */
function queuesOf(random: Random): string[] {
  const first = random.pick(QUEUES)
  return random.chance(0.3) ? [first] : [first, ...QUEUES.filter((queue) => queue !== first)]
}

/**
 * What a worker does with a job: mostly acknowledges it at once (the command leaves together with
 * the next FETCH), else fails it, keeps it for a while, or forgets it.
 */
function settle(link: Link, options: WorkerOptions, job: TrackedJob): void {
  const { random } = options
  const choice = options.draining() ? 0 : random.next()
  if (choice < 0.75) void ack(link, options, job)
  else if (choice < 0.87) void fail(link, options, job)
  else if (choice < 0.98) {
    options.held.add(job, monotonicMs() + random.integer(5, 3000))
  }
}

/** Settles what is due, of any worker's jobs, over this worker's connection. */
function settleHeld(link: Link, options: WorkerOptions): void {
  const nowMs = options.draining() ? Number.POSITIVE_INFINITY : monotonicMs()
  for (const job of options.held.takeDue(nowMs)) {
    if (options.draining() || options.random.chance(0.7)) void ack(link, options, job)
    else void fail(link, options, job)
  }
}

const isOk = (reply: Reply): boolean => reply.kind === 'simple' && reply.text === 'OK'

async function ack(link: Link, options: WorkerOptions, job: TrackedJob): Promise<void> {
  const { ledger } = options.target
  const { sent, reply } = options.target.send(link, `ACK {"jid":"${job.jid}"}`)
  job.acks.push(sent)
  ledger.backlog -= 1
  if (ledger.answered(sent, await reply, isOk)) return
  if (sent.answer !== undefined) ledger.violations.push(`ACK: ${sent.answer.text}`)
  // No answer: a client that is sure of its work says it again.
  else if (options.random.chance(0.5)) options.held.add(job, 0)
}

async function fail(link: Link, options: WorkerOptions, job: TrackedJob): Promise<void> {
  const { ledger } = options.target
  const failure = `{"jid":"${job.jid}","errtype":"Boom","message":"as asked","backtrace":["a","b"]}`
  const { sent, reply } = options.target.send(link, `FAIL ${failure}`)
  job.fails.push(sent)
  ledger.backlog -= 1
  if (ledger.answered(sent, await reply, isOk)) ledger.noteCommitted(sent)
  else if (sent.answer !== undefined && !sent.answer.text.startsWith('ERR Job not found')) {
    ledger.violations.push(`FAIL: ${sent.answer.text}`)
  }
}
