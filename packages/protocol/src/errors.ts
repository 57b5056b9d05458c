import { LIMITS } from './limits.ts'

type Text = (...details: string[]) => string

/**
 * Every error that a peer can get: its stable code and its text, which stays as Faktory's where
 * clients may look at it. Source: docs/protocol.md, "Errors"
 */
const TEXTS = {
  INVALID_PASSWORD: () => 'Invalid password',
  UNKNOWN_COMMAND: (verb = '') => `unknown command ${verb}`,
  SHUTDOWN: () => 'shutdown in progress',
  TOO_MANY_CONNECTIONS: (n = '') => `too many connections: ${n}`,
  COMMAND_TOO_LONG: (bytes = '') => `command longer than ${bytes} bytes`,
  COMMANDS_TOO_LONG: (bytes = '') =>
    `unfinished commands of all connections are longer than ${bytes} bytes together, try again`,
  LOADING: (percent = '') => `loading (${percent} %), try again`,
  STORE_UNWRITABLE: (reason = '') =>
    `the server cannot write to its disk: ${reason}; nothing was promised, try again later`,
  STORE_AWAY: (reason = '') => `trouble with the database: ${reason}; try again later`,
  INTERNAL: () => 'internal error',
  INVALID_JSON: (why = '') => `invalid JSON: ${why}`,
  MISSING_ARGUMENT: (verb = '') => `${verb} needs an argument: ${verb} {json}`,
  BULK_TOO_LONG: (count = '', most = '') =>
    `PUSHB of ${count} jobs: at most ${most} at once, send the rest in another`,
  JID_MISSING: () => 'jobs must have a reasonable jid parameter',
  JOBTYPE_MISSING: () => 'jobs must have a jobtype parameter',
  ARGS_MISSING: () => 'jobs must have an args parameter',
  RESERVE_TOO_LONG: () => 'jobs cannot be reserved for more than one day',
  INVALID_AT: (at = '') =>
    `invalid timestamp for 'at': "${at}": parsing time "${at}" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "${at}" as "2006"`,
  INVALID_QUEUE_NAME: (name = '') =>
    `cannot get "${name}" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z`,
  FETCH_WITHOUT_QUEUE: () => 'must call fetch with at least one queue',
  INVALID_ACK: (echo = '') => `invalid ACK ${echo}`,
  INVALID_FAIL: (echo = '') => `invalid FAIL ${echo}`,
  FAIL_WITHOUT_JID: () => 'missing JID',
  JOB_NOT_FOUND: (jid = '') => `Job not found ${jid}`,
  INVALID_BEAT: (echo = '') => `invalid BEAT ${echo}`,
  UNKNOWN_WORKER: (wid = '') => `Unknown worker ${wid}`,
  QUEUE_WITHOUT_SUBCOMMAND: () => 'QUEUE needs a subcommand: PAUSE, RESUME, REMOVE or LATENCY',
  QUEUE_WITHOUT_NAME: (action = '') => `QUEUE ${action} needs at least one queue name, or *`,
  QUEUE_UNKNOWN_SUBCOMMAND: (action = '') => `no such QUEUE subcommand: ${action}`,
  LATENCY_WILDCARD: () => 'QUEUE LATENCY does not support wildcards',
  MUTATE_INVALID_JSON: (why = '') => why,
  MUTATE_TARGET: () => 'invalid target for mutation command',
  MUTATE_COMMAND: () => 'unknown mutate operation',
  TRACK_UNAVAILABLE: () => 'tracking subsystem is only available in Faktory Enterprise',
  BATCH_UNAVAILABLE: () => 'batch subsystem is only available in Faktory Enterprise',
} as const satisfies Record<string, Text>

export type ErrorCode = keyof typeof TEXTS
/** For pages that list them. */
export const ERROR_CODES: readonly string[] = Object.keys(TEXTS)

/** Why a command was refused. `text` is without the wire's first word. */
export interface Refusal {
  readonly code: ErrorCode
  readonly text: string
}

/**
 * Makes a refusal: one line, and short.
 * @param details fill the text, see the catalogue; what a peer sent is cut to `echoLength`
 */
export function refuse(code: ErrorCode, ...details: string[]): Refusal {
  const text: Text = TEXTS[code]
  return new RefusalValue(code, text(...details.map(echo)))
}

function echo(detail: string): string {
  const short =
    detail.length > LIMITS.echoLength ? `${detail.slice(0, LIMITS.echoLength)}...` : detail
  return short.replace(/[\r\n]+/g, ' ')
}

export function isRefusal(value: unknown): value is Refusal {
  return value instanceof RefusalValue
}

/** A class only so that a refusal can be told from any other reply. */
class RefusalValue implements Refusal {
  readonly code: ErrorCode
  readonly text: string

  constructor(code: ErrorCode, text: string) {
    this.code = code
    this.text = text
  }
}
