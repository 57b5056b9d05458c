import { refuse, type Refusal } from './errors.ts'
import { Fields, isObject, Types, type JsonObject } from './fields.ts'
import { spans } from './json.ts'
import type { Failure } from './payload.ts'
import { wellFormed } from './text.ts'

export const DEFAULT_QUEUE = 'default'

/** A pushed job's shape. '' , 0 and undefined mean absent, which null, "" and 0 do too. */
export interface WireJob {
  readonly jid: string
  readonly jobtype: string
  readonly hasArgs: boolean
  readonly queue: string
  /** 1–255 as sent. */
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
   * `enqueued_at`, `failure`. `args` and `custom` are the client's text; so is all of it when
   * nothing had to go.
   */
  readonly text: string
}

/** A job's members as JSON.parse gives them, names exact. */
interface RawJob {
  readonly jid?: unknown
  readonly jobtype?: unknown
  readonly args?: unknown
  readonly queue?: unknown
  readonly priority?: unknown
  readonly retry?: unknown
  readonly reserve_for?: unknown
  readonly at?: unknown
  readonly created_at?: unknown
  readonly custom?: unknown
  readonly backtrace?: unknown
  readonly enqueued_at?: unknown
  readonly failure?: unknown
}

/** What stays in a payload. */
const KEPT = [
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
] as const satisfies readonly (keyof RawJob)[]
type Kept = (typeof KEPT)[number]
const KEPT_BY_NAME: ReadonlyMap<string, Kept> = new Map(KEPT.map((name) => [name, name]))
/** What is looked at. */
const KNOWN: ReadonlySet<string> = new Set([...KEPT, 'enqueued_at', 'failure'])

const PRIORITY_WIRE_MAX = 255
const PRIORITY_MAX = 9
const PRIORITY_DEFAULT = 5

/**
 * An integer member written with a fraction or an exponent. Faktory refuses it, and a Go worker
 * could not read it; JSON.parse cannot tell 5.0 from 5. May find one inside args, too, and knows
 * names in lower case alone.
 */
const ODD_NUMBER = /"(?:priority|retry|reserve_for|backtrace)"[ \t\n\r]*:[ \t\n\r]*-?\d+[.eE]/
const INTEGERS: ReadonlySet<string> = new Set<Kept>([
  'priority',
  'retry',
  'reserve_for',
  'backtrace',
])

/**
 * Reads a pushed job. A member that is repeated counts as its last, and is left repeated when
 * nothing else has to go: finding that out would cost every push a scan of its text.
 * @param value what JSON.parse made of `text`; null is an empty job, as for Go's decoder
 * @param text the client's JSON, no blanks round it
 * @returns INVALID_JSON when a member has a wrong type
 * Source: docs/protocol.md, "PUSH", T6, T7
 */
export function readJob(value: unknown, text: string): WireJob | Refusal {
  if (value === null) return readJob({}, '{}')
  if (!isObject(value)) return refuse('INVALID_JSON', 'a job must be an object')
  const look = glance(value)
  const raw: RawJob = look.respelled === undefined ? value : inLowerCase(value, look.respelled)
  const types = new Types()
  const jid = types.text(raw.jid, 'jid')
  const jobtype = types.text(raw.jobtype, 'jobtype')
  const hasArgs = types.array(raw.args, 'args') !== undefined
  const queue = types.text(raw.queue, 'queue')
  const priority = types.integer(raw.priority, 'priority') ?? 0
  const retry = types.integer(raw.retry, 'retry')
  const reserveFor = types.integer(raw.reserve_for, 'reserve_for') ?? 0
  const at = types.text(raw.at, 'at')
  const createdAt = types.text(raw.created_at, 'created_at')
  types.object(raw.custom, 'custom')
  types.integer(raw.backtrace, 'backtrace')
  types.text(raw.enqueued_at, 'enqueued_at')
  const failure = readFailure(raw.failure, types)
  if (priority < 0 || priority > PRIORITY_WIRE_MAX) types.wrong ??= 'priority must be 1 to 9'
  if (look.integers && (look.respelled !== undefined || ODD_NUMBER.test(text))) {
    types.wrong ??= oddNumber(text, look.respelled)
  }
  if (types.wrong !== undefined) return refuse('INVALID_JSON', types.wrong)

  const clean = look.clean && !types.mended && priority <= PRIORITY_MAX
  return {
    jid,
    jobtype,
    hasArgs,
    queue,
    priority: priority === 0 ? undefined : priority,
    retry,
    at,
    // Not -0, which stays in no record.
    reserveFor: reserveFor === 0 ? 0 : reserveFor,
    createdAt,
    failure,
    text: clean ? text : cleaned(raw, text, look.respelled),
  }
}

/** For a known name that is there in another case alone: how it is written. */
type Respelled = ReadonlyMap<string, string> | undefined

interface Glance {
  /** The client's text can stay as it is. */
  clean: boolean
  respelled: Map<string, string> | undefined
  /** There are members that must be integers. */
  integers: boolean
}

function glance(value: JsonObject): Glance {
  const look: Glance = { clean: true, respelled: undefined, integers: false }
  for (const name in value) {
    const member = value[name]
    if (!KEPT_BY_NAME.has(name)) {
      look.clean = false
      const folded = name.toLowerCase()
      if (folded === name || !KNOWN.has(folded) || Object.hasOwn(value, folded)) continue
      look.respelled ??= new Map()
      look.respelled.set(folded, name)
    } else if (isLeftOut(name, member)) look.clean = false
    if (typeof member === 'number') look.integers = true
  }
  return look
}

function inLowerCase(value: JsonObject, respelled: ReadonlyMap<string, string>): RawJob {
  const names = [...KNOWN].filter((name) => respelled.has(name) || Object.hasOwn(value, name))
  return Object.fromEntries(names.map((name) => [name, value[respelled.get(name) ?? name]]))
}

/** Which member of a payload a name as it is written means, if any. */
function keptName(name: string, respelled: Respelled): Kept | undefined {
  const exact = KEPT_BY_NAME.get(name)
  if (exact !== undefined || respelled === undefined) return exact
  const folded = name.toLowerCase()
  return respelled.get(folded) === name ? KEPT_BY_NAME.get(folded) : undefined
}

/** Members that Faktory leaves out, since Go writes them only when they have a value. */
function isLeftOut(name: string, value: unknown): boolean {
  if (value === null || value === '') return true
  if (value === 0) return name !== 'retry'
  return name === 'custom' && isObject(value) && Object.keys(value).length === 0
}

function oddNumber(text: string, respelled: Respelled): string | undefined {
  // The last of a repeated member counts.
  const literals = new Map<string, string>()
  for (const { name, from, to } of spans(text)) {
    const kept = keptName(name, respelled)
    if (kept !== undefined && INTEGERS.has(kept)) literals.set(kept, text.slice(from, to))
  }
  for (const [name, literal] of literals) {
    if (/[.eE]/.test(literal)) return `${name} must be an integer`
  }
  return undefined
}

/** The job with only what stays, each member once. */
function cleaned(raw: RawJob, text: string, respelled: Respelled): string {
  const members = new Map<Kept, string>()
  for (const { name, from, to } of spans(text)) {
    const kept = keptName(name, respelled)
    if (kept === undefined) continue
    const member = raw[kept]
    if (!isLeftOut(kept, member)) members.set(kept, written(kept, member, text, from, to))
  }
  let out = ''
  for (const [name, member] of members) out += `${out === '' ? '' : ','}"${name}":${member}`
  return `{${out}}`
}

function written(name: Kept, member: unknown, text: string, from: number, to: number): string {
  if (typeof member === 'string') {
    const mended = wellFormed(member)
    if (mended !== member) return JSON.stringify(mended)
  }
  const tooHigh = name === 'priority' && Number(member) > PRIORITY_MAX
  return tooHigh ? String(PRIORITY_DEFAULT) : text.slice(from, to)
}

function readFailure(value: unknown, types: Types): Failure | undefined {
  const object = types.object(value, 'failure')
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
  if (fields.wrong !== undefined) types.wrong ??= `failure.${fields.wrong}`
  return failure
}
