import { refuse, isRefusal, type Refusal } from './errors.ts'
import { Fields, isObject, Types, type JsonObject } from './fields.ts'
import { readJob, type WireJob } from './job.ts'
import { parseJson, spans, trimmed } from './json.ts'
import { LIMITS } from './limits.ts'
import { cutUtf8, detached } from './text.ts'

export const QUEUE_ACTIONS = ['PAUSE', 'RESUME', 'REMOVE', 'LATENCY'] as const
export type QueueAction = (typeof QUEUE_ACTIONS)[number]
export const MUTATE_COMMANDS = ['clear', 'kill', 'discard', 'requeue'] as const
export type MutateCommand = (typeof MUTATE_COMMANDS)[number]
export const MUTATE_TARGETS = ['scheduled', 'retries', 'dead'] as const
export type MutateTarget = (typeof MUTATE_TARGETS)[number]

/** Which jobs a MUTATE means; undefined members do not count. */
export interface MutateFilter {
  /** Not empty when given; then nothing else counts. */
  readonly jids: readonly string[] | undefined
  readonly jobtype: string | undefined
  /** A glob over the whole job (`regexp` on the wire). */
  readonly pattern: string | undefined
}

/** What a client asks for. Closed: one member a verb. Source: docs/protocol.md, "Commands" */
export type Command =
  | { readonly verb: 'PUSH'; readonly job: WireJob }
  | { readonly verb: 'PUSHB'; readonly jobs: readonly WireJob[] }
  | { readonly verb: 'FETCH'; readonly queues: readonly string[] }
  | { readonly verb: 'ACK'; readonly jid: string }
  | {
      readonly verb: 'FAIL'
      readonly jid: string
      /** Trimmed, cut, 'unknown' when missing; so is `message`. */
      readonly errtype: string
      readonly message: string
      readonly backtrace: readonly string[]
    }
  | {
      readonly verb: 'BEAT'
      readonly wid: string
      readonly currentState: string
      readonly rssKb: number
    }
  | { readonly verb: 'INFO' }
  | { readonly verb: 'FLUSH' }
  | { readonly verb: 'END' }
  | { readonly verb: 'QUEUE'; readonly action: QueueAction; readonly names: readonly string[] }
  | {
      readonly verb: 'MUTATE'
      readonly cmd: MutateCommand
      readonly target: MutateTarget
      readonly filter: MutateFilter
    }
  | { readonly verb: 'TRACK' }
  | { readonly verb: 'BATCH' }

export type Verb = Command['verb']
type Parser = (rest: string | undefined) => Command | Refusal

/** One parser a verb; `rest` is what follows the first blank, undefined when there is none. */
const PARSERS: { readonly [V in Verb]: Parser } = {
  PUSH: parsePush,
  PUSHB: parsePushBulk,
  FETCH: parseFetch,
  ACK: parseAck,
  FAIL: parseFail,
  BEAT: parseBeat,
  INFO: () => ({ verb: 'INFO' }),
  FLUSH: () => ({ verb: 'FLUSH' }),
  END: () => ({ verb: 'END' }),
  QUEUE: parseQueue,
  MUTATE: parseMutate,
  TRACK: () => ({ verb: 'TRACK' }),
  BATCH: () => ({ verb: 'BATCH' }),
}

/** A map finds a verb that was cut from a line twice as fast as an object. */
const PARSER_BY_NAME: ReadonlyMap<string, Parser> = new Map(Object.entries(PARSERS))

/** What comes before the first blank of a line. */
export function verbOf(line: string): string {
  const blank = line.indexOf(' ')
  return blank < 0 ? line : line.slice(0, blank)
}

export function isVerb(text: string): text is Verb {
  return PARSER_BY_NAME.has(text)
}

/** Reads one line. Never throws; what cannot be read comes back as the refusal to send. */
export function parseCommand(line: string): Command | Refusal {
  const verb = verbOf(line)
  const parser = PARSER_BY_NAME.get(verb)
  if (parser === undefined) return refuse('UNKNOWN_COMMAND', verb)
  return parser(verb.length === line.length ? undefined : line.slice(verb.length + 1))
}

function parsePush(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'PUSH')
  const text = trimmed(rest)
  const parsed = parseJson(text)
  if (!parsed.ok) return refuse('INVALID_JSON', parsed.why)
  const job = readJob(parsed.value, text)
  return isRefusal(job) ? job : { verb: 'PUSH', job }
}

function parsePushBulk(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'PUSHB')
  const text = trimmed(rest)
  const parsed = parseJson(text)
  if (!parsed.ok) return refuse('INVALID_JSON', parsed.why)
  if (parsed.value === null) return { verb: 'PUSHB', jobs: [] }
  if (!Array.isArray(parsed.value)) return refuse('INVALID_JSON', 'PUSHB takes a list of jobs')
  const values: readonly unknown[] = parsed.value
  if (values.length > LIMITS.bulkJobs) {
    return refuse('BULK_TOO_LONG', String(values.length), String(LIMITS.bulkJobs))
  }
  const jobs: WireJob[] = []
  for (const [i, { from, to }] of spans(text).entries()) {
    // Detached, or the last job of a thousand would keep all of them in memory.
    const job = readJob(values[i], detached(text.slice(from, to)))
    if (isRefusal(job)) return job
    jobs.push(job)
  }
  return { verb: 'PUSHB', jobs }
}

function parseFetch(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('FETCH_WITHOUT_QUEUE')
  return { verb: 'FETCH', queues: rest.split(' ').filter((name) => name !== '') }
}

/** Unlike everywhere else the names' case counts, and no member may be of another type. */
function parseAck(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'ACK')
  const parsed = parseJson(trimmed(rest))
  if (!parsed.ok || !isObject(parsed.value) || !Object.hasOwn(parsed.value, 'jid')) {
    return refuse('INVALID_ACK', rest)
  }
  for (const value of Object.values(parsed.value)) {
    if (typeof value !== 'string' && value !== null) return refuse('INVALID_ACK', rest)
  }
  return { verb: 'ACK', jid: new Types().text(parsed.value['jid'], 'jid') }
}

/** The members of a JSON object, or undefined: the text is none. null is an empty one, as for Go. */
function objectOf(text: string): JsonObject | undefined {
  const parsed = parseJson(trimmed(text))
  if (!parsed.ok) return undefined
  if (parsed.value === null) return {}
  return isObject(parsed.value) ? parsed.value : undefined
}

function parseFail(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'FAIL')
  const object = objectOf(rest)
  if (object === undefined) return refuse('INVALID_FAIL', rest)
  const fields = new Fields(object)
  const jid = fields.text('jid')
  const errtype = fields.text('errtype').trim()
  const message = fields.text('message').trim()
  const backtrace = fields.texts('backtrace')
  if (fields.wrong !== undefined) return refuse('INVALID_FAIL', rest)
  if (jid === '') return refuse('FAIL_WITHOUT_JID')
  return {
    verb: 'FAIL',
    jid,
    errtype: detached(cutUtf8(errtype || 'unknown', LIMITS.errtypeBytes)),
    message: detached(cutUtf8(message || 'unknown', LIMITS.messageBytes)),
    backtrace: backtrace.slice(0, LIMITS.backtraceLines),
  }
}

function parseBeat(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'BEAT')
  const object = objectOf(rest)
  if (object === undefined) return refuse('INVALID_BEAT', rest)
  const fields = new Fields(object)
  const wid = fields.text('wid')
  const currentState = fields.text('current_state')
  const rssKb = fields.integer('rss_kb') ?? 0
  if (fields.wrong !== undefined) return refuse('INVALID_BEAT', rest)
  return { verb: 'BEAT', wid, currentState, rssKb }
}

function parseQueue(rest: string | undefined): Command | Refusal {
  const [word = '', ...given] = (rest ?? '').split(' ')
  if (word === '') return refuse('QUEUE_WITHOUT_SUBCOMMAND')
  const upper = word.toUpperCase()
  const action = QUEUE_ACTIONS.find((known) => known === upper)
  if (action === undefined) return refuse('QUEUE_UNKNOWN_SUBCOMMAND', upper)
  const names = given.filter((name) => name !== '')
  if (action === 'LATENCY') {
    if (names.includes('*')) return refuse('LATENCY_WILDCARD')
    // A blank and no name is an empty list of a client's, which Faktory takes.
  } else if (given.length === 0) return refuse('QUEUE_WITHOUT_NAME', action)
  return { verb: 'QUEUE', action, names }
}

function parseMutate(rest: string | undefined): Command | Refusal {
  if (rest === undefined) return refuse('MISSING_ARGUMENT', 'MUTATE')
  const parsed = parseJson(trimmed(rest))
  if (!parsed.ok) return refuse('MUTATE_INVALID_JSON', parsed.why)
  if (parsed.value !== null && !isObject(parsed.value)) {
    return refuse('MUTATE_INVALID_JSON', 'MUTATE takes an object')
  }
  const fields = new Fields(parsed.value ?? {})
  const cmdText = fields.text('cmd')
  const targetText = fields.text('target')
  const filter = fields.object('filter')
  const filterFields = new Fields(filter ?? {})
  const jids = filterFields.texts('jids')
  const jobtype = filterFields.text('jobtype')
  const pattern = filterFields.text('regexp')
  const wrong =
    fields.wrong ??
    filterFields.wrong ??
    (pattern.length > LIMITS.patternLength
      ? `regexp has more than ${LIMITS.patternLength} characters`
      : undefined)
  if (wrong !== undefined) return refuse('MUTATE_INVALID_JSON', wrong)
  const cmd = MUTATE_COMMANDS.find((known) => known === cmdText)
  if (cmd === undefined) return refuse('MUTATE_COMMAND')
  const target = MUTATE_TARGETS.find((known) => known === targetText)
  if (target === undefined) return refuse('MUTATE_TARGET')
  const all = cmd === 'clear'
  return {
    verb: 'MUTATE',
    cmd,
    target,
    filter: {
      jids: all || jids.length === 0 ? undefined : jids,
      jobtype: all || jobtype === '' ? undefined : jobtype,
      // Matches all: not worth a look at each job.
      pattern: all || pattern === '' || pattern === '*' ? undefined : pattern,
    },
  }
}
