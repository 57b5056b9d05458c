import type { Reply } from '../support/fwp.ts'
import type { Random } from '../support/random.ts'
import type { TrackedJob } from './ledger.ts'
import type { Link, Target } from './target.ts'

export const QUEUES = ['critical', 'default', 'bulk'] as const

export interface ProducerOptions {
  readonly target: Target
  readonly random: Random
  /** Commands without an answer at a time. */
  readonly window: number
  /** Pause while the server holds more jobs than this. */
  readonly backlogMax: number
  /** Names the producer in its jids. */
  readonly name: string
  /** The latest `at` of a scheduled job, ms from now. */
  readonly aheadMs: number
}

/** Pushes as fast as it gets answers, until the target stops. */
export async function produce(options: ProducerOptions): Promise<void> {
  const { target } = options
  const makeJob = jobMaker(options)
  for (;;) {
    const link = await target.connect()
    if (link === undefined) return
    await pushOver(link, options, makeJob)
    link.connection.end()
  }
}

type NewJob = Omit<TrackedJob, 'push'> & { readonly line: string }

async function pushOver(
  link: Link,
  options: ProducerOptions,
  makeJob: () => NewJob,
): Promise<void> {
  const { target, random } = options
  while (link.connection.isOpen && !target.stopped) {
    if (target.ledger.backlog > options.backlogMax) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const bulk = random.chance(0.1)
    const jobs = Array.from({ length: bulk ? random.integer(2, 60) : 1 }, makeJob)
    const done = push(link, target, jobs, bulk)
    if (link.connection.unanswered >= options.window) await done
  }
}

async function push(
  link: Link,
  target: Target,
  jobs: readonly NewJob[],
  bulk: boolean,
): Promise<void> {
  const { ledger } = target
  const lines = jobs.map((job) => job.line)
  const command = bulk ? `PUSHB [${lines.join(',')}]` : `PUSH ${lines.join('')}`
  const { sent, reply } = target.send(link, command)
  for (const { line: _line, ...job } of jobs) ledger.jobs.set(job.jid, { ...job, push: sent })
  if (ledger.answered(sent, await reply, bulk ? allPushed : isOk)) {
    ledger.noteCommitted(sent)
    ledger.backlog += jobs.length
  } else if (sent.answer !== undefined) {
    ledger.violations.push(`push refused: ${sent.answer.text}`)
  }
}

const isOk = (reply: Reply): boolean => reply.kind === 'simple' && reply.text === 'OK'
const allPushed = (reply: Reply): boolean => reply.kind === 'bulk' && reply.text === '{}'

/** Jobs of all kinds: sizes, priorities, retries, some scheduled, numbers that must stay as they are. */
function jobMaker(options: ProducerOptions): () => NewJob {
  const { random } = options
  let count = 0
  return () => {
    count += 1
    const jid = `${options.name}-${String(count).padStart(7, '0')}`
    const args = `[${count},899999999999999990,1.0,1e400,{"b":1,"a":[]},"${filler(random)}"]`
    const queue = random.pick(QUEUES)
    const retry = random.pick([25, 25, 25, 25, 0, -1])
    const atMs = random.chance(0.08) ? Date.now() + random.integer(100, options.aheadMs) : 0
    const members = [
      `"jid":"${jid}"`,
      `"jobtype":"torture"`,
      `"queue":"${queue}"`,
      `"args":${args}`,
      // Long enough that no reservation lapses while a run lasts.
      `"reserve_for":3600`,
    ]
    if (retry !== 25) members.push(`"retry":${retry}`)
    if (random.chance(0.6)) members.push(`"priority":${random.integer(1, 9)}`)
    if (atMs > 0) members.push(`"at":"${new Date(atMs).toISOString()}"`)
    const line = `{${members.join(',')}}`
    return { jid, queue, args, retry, atMs, handouts: [], acks: [], fails: [], line }
  }
}

const LETTERS = 'lorem ipsum dolor sit amet, consectetur adipiscing élit. '.repeat(1200)

function filler(random: Random): string {
  const kind = random.next()
  if (kind < 0.9) return LETTERS.slice(0, random.integer(0, 150))
  if (kind < 0.99) return LETTERS.slice(0, random.integer(1000, 6000))
  return LETTERS.slice(0, 60_000)
}
