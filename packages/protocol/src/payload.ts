import { compact, spans } from './json.ts'

/** Why and how often a job failed. Source: docs/protocol.md, "failure" */
export interface Failure {
  /** RFC 3339: the first failure. */
  readonly failedAt: string
  /** RFC 3339: when the retry falls due; absent at death. */
  readonly nextAt?: string
  readonly message?: string
  readonly errtype?: string
  readonly backtrace?: readonly string[]
  /** Failures before this one. */
  readonly retryCount: number
  /** Attempts that were left before this failure was counted. */
  readonly remaining: number
}

/** `failure` as JSON, its members in Faktory's order. */
export function writeFailure(failure: Failure): string {
  return JSON.stringify({
    failed_at: failure.failedAt,
    next_at: failure.nextAt,
    message: failure.message,
    errtype: failure.errtype,
    backtrace: failure.backtrace,
    retry_count: failure.retryCount,
    remaining: failure.remaining,
  })
}

/**
 * Adds members to a job.
 * @param payload a JSON object with at least one member
 * @param members JSON text such as `"a":1,"b":2`, or ''
 */
export function withMembers(payload: string, members: string): string {
  return members === '' ? payload : `${payload.slice(0, payload.lastIndexOf('}'))},${members}}`
}

/**
 * A job with some members changed, the texts of all others as they were.
 * @param changes JSON text by name; undefined leaves the member out
 */
export function withChanged(
  payload: string,
  changes: ReadonlyMap<string, string | undefined>,
): string {
  const members = new Map(
    spans(payload).map(({ name, from, to }) => [name, payload.slice(from, to)]),
  )
  for (const [name, text] of changes) {
    if (text === undefined) members.delete(name)
    else members.set(name, text)
  }
  return `{${[...members].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/**
 * The job as FETCH hands it out.
 * @param enqueuedAt RFC 3339
 */
export function renderJob(
  payload: string,
  enqueuedAt: string,
  failure: Failure | null | undefined,
): string {
  const last = failure ? `,"failure":${writeFailure(failure)}` : ''
  return withMembers(payload, `"enqueued_at":"${enqueuedAt}"${last}`)
}

/** The member order in which Faktory writes a job, which MUTATE patterns were made for. */
const FAKTORY_ORDER = [
  'retry',
  'failure',
  'custom',
  'jid',
  'queue',
  'jobtype',
  'created_at',
  'enqueued_at',
  'at',
  'args',
  'reserve_for',
  'backtrace',
  'priority',
]

/**
 * The job as Faktory would write it: its member order, no blanks between parts.
 * @param enqueuedAt RFC 3339, or '' when it is not known
 */
export function canonicalJob(
  payload: string,
  enqueuedAt: string,
  failure: Failure | null | undefined,
): string {
  const members = new Map<string, string>()
  for (const { name, from, to } of spans(payload)) {
    members.set(name, compact(payload.slice(from, to)))
  }
  if (enqueuedAt !== '') members.set('enqueued_at', JSON.stringify(enqueuedAt))
  if (failure) members.set('failure', writeFailure(failure))
  let out = ''
  for (const name of FAKTORY_ORDER) {
    const member = members.get(name)
    if (member !== undefined) out += `${out === '' ? '' : ','}"${name}":${member}`
  }
  return `{${out}}`
}
