import { refuse, type Refusal } from './errors.ts'
import { Fields, isObject, type JsonObject } from './fields.ts'
import { compact, spans } from './json.ts'

export const DEFAULT_QUEUE = 'default'

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

/** A pushed job's shape. '' , 0 and undefined mean absent, which null, "" and 0 do too. */
export interface WireJob {
  readonly jid: string
  readonly jobtype: string
  readonly hasArgs: boolean
  readonly queue: string
  /** 0–255 as sent. */
  readonly priority: number | undefined
  readonly retry: number | undefined
  /** Not looked at: any text. */
  readonly at: string
  /** Seconds. */
  readonly reserveFor: number
  readonly createdAt: string
  readonly failure: Failure | undefined
  /**
   * The job as one JSON object without what Faktory leaves out: absent and unknown members,
   * `enqueued_at`, `failure`. `args` and `custom` are the client's bytes; so is all of it when
   * nothing had to go.
   */
  readonly text: string
}

/** What stays in a payload. In any order; the client's is kept. */
const KEPT = new Set([
  'jid',
  'jobtype',
  'args',
  'queue',
  'priority',
  'retry',
  'reserve_for',
  'at',
  'created_at',
  'custom',
  'backtrace',
])

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

const PRIORITY_WIRE_MAX = 255
const PRIORITY_MAX = 9
const PRIORITY_DEFAULT = 5

/**
 * Reads a pushed job.
 * @param value what JSON.parse made of `text`; null is an empty job, as for Go's decoder
 * @param text the client's JSON, no blanks around it
 * @returns INVALID_JSON when a member has a wrong type
 * Source: docs/protocol.md, "PUSH"; clients.md T6, T7
 */
export function readJob(value: unknown, text: string): WireJob | Refusal {
  if (value === null) return readJob({}, '{}')
  if (!isObject(value)) return refuse('INVALID_JSON', 'a job must be an object')
  const fields = new Fields(value)
  const job: WireJob = {
    jid: fields.text('jid'),
    jobtype: fields.text('jobtype'),
    hasArgs: fields.array('args') !== undefined,
    queue: fields.text('queue'),
    priority: fields.integer('priority') || undefined,
    retry: fields.integer('retry'),
    at: fields.text('at'),
    reserveFor: fields.integer('reserve_for') ?? 0,
    createdAt: fields.text('created_at'),
    failure: readFailure(fields),
    text,
  }
  fields.object('custom')
  fields.integer('backtrace')
  fields.text('enqueued_at')
  if (fields.wrong !== undefined) return refuse('INVALID_JSON', fields.wrong)
  const { priority } = job
  if (priority !== undefined && (priority < 0 || priority > PRIORITY_WIRE_MAX)) {
    return refuse('INVALID_JSON', 'priority must be an integer from 1 to 9')
  }
  return isClean(value, priority) ? job : { ...job, text: cleaned(value, text) }
}

/** Whether the client's text can stay as it is. */
function isClean(value: JsonObject, priority: number | undefined): boolean {
  if (priority !== undefined && priority > PRIORITY_MAX) return false
  for (const name in value) {
    if (!KEPT.has(name) || isLeftOut(name, value[name])) return false
  }
  return true
}

/** Members that Faktory leaves out, since Go writes them only when they have a value. */
function isLeftOut(name: string, value: unknown): boolean {
  if (value === null || value === '') return true
  if (value === 0) return name !== 'retry'
  return name === 'custom' && isObject(value) && Object.keys(value).length === 0
}

function cleaned(value: JsonObject, text: string): string {
  const members = new Map<string, string>()
  for (const { name, from, to } of spans(text)) {
    const folded = name.toLowerCase()
    if (!KEPT.has(folded) || (folded !== name && Object.hasOwn(value, folded))) continue
    const member = text.slice(from, to)
    if (isLeftOut(folded, value[name])) members.delete(folded)
    else if (folded === 'priority' && Number(value[name]) > PRIORITY_MAX) {
      members.set(folded, String(PRIORITY_DEFAULT))
    } else members.set(folded, member)
  }
  return `{${[...members].map(([name, member]) => `"${name}":${member}`).join(',')}}`
}

function readFailure(job: Fields): Failure | undefined {
  const object = job.object('failure')
  if (object === undefined) return undefined
  const fields = new Fields(object)
  const nextAt = fields.text('next_at')
  const message = fields.text('message')
  const errtype = fields.text('errtype')
  const backtrace = fields.texts('backtrace')
  const failure: Failure = {
    failedAt: fields.text('failed_at'),
    ...(nextAt === '' ? {} : { nextAt }),
    ...(message === '' ? {} : { message }),
    ...(errtype === '' ? {} : { errtype }),
    ...(backtrace.length === 0 ? {} : { backtrace }),
    retryCount: fields.integer('retry_count') ?? 0,
    remaining: fields.integer('remaining') ?? 0,
  }
  if (fields.wrong !== undefined) job.wrong ??= `failure.${fields.wrong}`
  return failure
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
  for (const { name, from, to } of spans(payload))
    members.set(name, compact(payload.slice(from, to)))
  if (enqueuedAt !== '') members.set('enqueued_at', JSON.stringify(enqueuedAt))
  if (failure) members.set('failure', writeFailure(failure))
  const written = FAKTORY_ORDER.flatMap((name) => {
    const member = members.get(name)
    return member === undefined ? [] : [`"${name}":${member}`]
  })
  return `{${written.join(',')}}`
}
