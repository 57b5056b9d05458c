export {
  isVerb,
  parseCommand,
  verbOf,
  type Command,
  type MutateCommand,
  type MutateFilter,
  type MutateTarget,
  type QueueAction,
  type Verb,
} from './commands.ts'
export { isRefusal, refuse, type ErrorCode, type Refusal } from './errors.ts'
export { globMatcher } from './glob.ts'
export {
  expectedIterations,
  parseHello,
  passwordHash,
  type Hello,
  type Sha256,
} from './handshake.ts'
export { FAKTORY_VERSION, writeInfo, writeServer, type Info, type TaskInfo } from './info.ts'
export { DEFAULT_QUEUE, readJob, type WireJob } from './job.ts'
export { compact, spans, type Span } from './json.ts'
export { LIMITS } from './limits.ts'
export { LineReader, type Bytes, type LineOptions } from './lines.ts'
export {
  canonicalJob,
  renderJob,
  withChanged,
  withMembers,
  writeFailure,
  type Failure,
} from './payload.ts'
export { bulk, errorReply, greeting, NIL, OK, type Challenge } from './replies.ts'
export { cutUtf8, utf8Length, wellFormed } from './text.ts'
export { formatTime, parseRfc3339 } from './time.ts'
