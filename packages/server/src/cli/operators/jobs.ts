import type { Command } from 'commander'
import { memberOf } from '../../filter/fits.ts'
import { ApiError, type Answer } from './client.ts'
import { errorOf, jobtypeOf, printJobs } from './lists.ts'
import { doToAll, type Doing } from './mass.ts'
import { facts, FORMAT, shown, timed } from './print.ts'
import { sessionOf, withServer, type Session } from './session.ts'
import { oneOf, paging, withPaging } from './sets.ts'
import { read, STORY, WHY } from './shapes.ts'

const DOINGS = [
  ['retry', 'retry', 'put into its queue now'],
  ['kill', 'kill', 'move to the dead'],
  ['delete', 'delete', 'gone for good'],
  ['recover', 'recover', 'end the reservation that a lost worker holds'],
] as const satisfies readonly (readonly [string, Doing, string])[]

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** `jobmill jobs JID`, `jobmill jobs --queue NAME`, `jobmill why JID` */
export function addJobs(program: Command): void {
  const jobs = withServer(program.command('jobs'))
    .description('one job, or the jobs of a queue or state')
    .argument('[jid]')
    .option('--queue <name>', 'those that wait in this queue')
    .option('--state <state>', 'waiting (with --queue), running, scheduled, retries or dead')
    .option('--filter <filter>', 'those that match, as in the pages', '')
  for (const [flag, , help] of DOINGS) jobs.option(`--${flag}`, help)
  withPaging(jobs)
    .option('-y, --yes', 'do not ask before many are changed')
    .action(async (jid: string | undefined, flags: Flags) => {
      const doing = oneOf(jobs, flags, DOINGS)
      const list = listOf(jobs, jid, flags)
      const session = sessionOf(jobs)
      if (list === undefined) return one(session, jid ?? '', doing)
      const { state, queue, q } = list
      if (doing === undefined) return printJobs(session, { ...list, ...paging(flags) })
      return doToAll(session, doing, { set: state, queue, q }, flags['yes'] === true)
    })

  withServer(program.command('why'))
    .description('why a job does not run, in a sentence')
    .argument('<jid>')
    .action(async (jid: string, _: object, command: Command) => {
      const session = sessionOf(command)
      const answer = await session.client.get(`${pathOf(jid)}/why`)
      const { code, text } = read(WHY, answer)
      if (code === 'unknown') throw new ApiError(`${shown(jid)}: ${text}`, code)
      session.print(answer, () => `${shown(text)}\n`)
    })
}

const pathOf = (jid: string): string => `/jobs/${encodeURIComponent(jid)}`

/** Which list is meant; undefined for one job. */
function listOf(command: Command, jid: string | undefined, flags: Flags) {
  const text = (name: string): string | undefined => {
    const value = flags[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [queue, state, q] = [text('queue'), text('state'), text('filter') ?? '']
  const wantsList = queue !== undefined || state !== undefined || q !== ''
  if (jid !== undefined && wantsList) {
    command.error('error: a jid names one job: leave out --queue, --state and --filter')
  }
  if (jid !== undefined) return undefined
  if (queue === undefined && state === undefined) {
    command.error('error: say which: a jid, --queue NAME, or --state STATE')
  }
  if (queue !== undefined && (state ?? 'waiting') !== 'waiting') {
    command.error('error: --queue lists waiting jobs; for others say --filter queue:NAME')
  }
  return { state: state ?? 'waiting', queue, q }
}

async function one(session: Session, jid: string, doing: Doing | undefined): Promise<void> {
  if (doing === undefined) {
    const answer = await session.client.get(pathOf(jid))
    session.print(answer, () => story(answer))
    return
  }
  const [method, path] =
    doing === 'delete'
      ? (['DELETE', pathOf(jid)] as const)
      : (['POST', `${pathOf(jid)}/${doing}`] as const)
  try {
    await session.client.send(method, path)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'NOT_THERE') throw error
    const hint = `jobmill why ${shown(jid)} tells where it is`
    throw new ApiError(`${error.message}; ${hint}`, error.code, { cause: error })
  }
  session.say(`${shown(jid)} ${DONE[doing]}`)
}

const DONE: Readonly<Record<Doing, string>> = {
  retry: 'is in its queue',
  kill: 'is among the dead',
  delete: 'is deleted',
  recover: 'is recovered: it waits for its next try',
}

/** All that is known of a job, for people. */
function story(answer: Answer): string {
  const job = read(STORY, answer)
  const { failure, why, others } = job
  // From the text: numbers in it may be larger than JavaScript's.
  const text = (name: string): string | undefined => {
    const member = memberOf(answer.text, name)
    return member === undefined ? undefined : shown(member)
  }
  const rows = facts([
    ['jid', shown(job.jid)],
    ['jobtype', shown(jobtypeOf(job))],
    ['state', `${job.state}: ${shown(why.text)}`],
    ['queue', `${shown(job.queue)}, priority ${job.priority}`],
    ['args', text('args')],
    ['custom', text('custom')],
    ['enqueued', timed(job.enqueued_at)],
    ['due', timed(job.due_at)],
    ['died', timed(job.died_at)],
    ['worker', job.worker === undefined ? undefined : shown(job.worker)],
    ['reserved until', timed(job.reserved_until)],
    ['created', typeof job.created_at === 'string' ? shown(job.created_at) : undefined],
    ['retry', `${job.retry} times, ${failure?.tries ?? 0} tried so far`],
    ['reserve for', FORMAT.duration(job.reserve_for * 1000)],
    ['failed', timed(failure?.failed_at)],
    ['error', failure === undefined ? undefined : shown(errorOf(job))],
    ['others', others.length === 0 ? undefined : `${others.length} more jobs have this jid`],
  ])
  const backtrace = (failure?.backtrace ?? []).map((line) => `  ${shown(line)}\n`)
  return backtrace.length === 0 ? rows : `${rows}backtrace\n${backtrace.join('')}`
}
