import { counted, FORMAT, relative, table, type Column } from './print.ts'
import type { Session } from './session.ts'
import { JOBS, read, type Job } from './shapes.ts'

/** Which jobs; as the API's GET /jobs takes it. */
export interface ListOptions {
  readonly state: string
  readonly queue?: string | undefined
  /** Filter text, '' for all. */
  readonly q: string
  readonly limit?: string | undefined
  readonly after?: string | undefined
}

const JID: Column<Job> = { name: 'jid', of: ({ jid }) => jid }
const JOBTYPE: Column<Job> = { name: 'jobtype', of: (job) => jobtypeOf(job) }
const QUEUE: Column<Job> = { name: 'queue', of: ({ queue }) => queue }
const TRIES: Column<Job> = { name: 'tries', of: ({ failure }) => failure?.tries ?? 0 }
const ERROR: Column<Job> = { name: 'error', of: (job) => errorOf(job) }

/** What is worth a column in each place. */
const COLUMNS: Readonly<Record<string, readonly Column<Job>[]>> = {
  waiting: [
    JID,
    JOBTYPE,
    { name: 'priority', of: ({ priority }) => priority },
    { name: 'enqueued', of: (job) => relative(job.enqueued_at) },
  ],
  running: [
    JID,
    JOBTYPE,
    QUEUE,
    { name: 'worker', of: ({ worker }) => worker ?? '' },
    { name: 'reserved until', of: (job) => relative(job.reserved_until) },
  ],
  scheduled: [JID, JOBTYPE, QUEUE, { name: 'due', of: (job) => relative(job.due_at) }],
  retries: [
    JID,
    JOBTYPE,
    QUEUE,
    TRIES,
    { name: 'next try', of: (job) => relative(job.due_at) },
    ERROR,
  ],
  dead: [JID, JOBTYPE, QUEUE, TRIES, { name: 'died', of: (job) => relative(job.died_at) }, ERROR],
}

/** Prints one page of a list, and how to see the next. */
export async function printJobs(session: Session, options: ListOptions): Promise<void> {
  const answer = await session.client.get('/jobs', { ...options })
  session.print(answer, () => {
    const { items, next, total, searched } = read(JOBS, answer)
    const columns = COLUMNS[options.state] ?? [JID, JOBTYPE, QUEUE]
    const whole = options.q === '' ? '' : `, ${FORMAT.number(searched)} searched`
    const more = next === null ? '' : `; go on with --after ${next}`
    const list = items.length === 0 ? '' : table(items, columns)
    return `${list}${FORMAT.number(items.length)} of ${counted(total, 'job')}${whole}${more}\n`
  })
}

/** Whatever a client pushed as a jobtype. */
export const jobtypeOf = ({ jobtype }: Job): string =>
  typeof jobtype === 'string' ? jobtype : (JSON.stringify(jobtype) ?? '')

export function errorOf({ failure }: Job): string {
  if (failure === undefined) return ''
  return [failure.errtype, failure.message].filter((text) => text !== '').join(': ')
}
