export * from './types.ts'
export { type FailureReport } from './failure.ts'
export { explain, type Circumstances, type Explanation } from './explain.ts'
export { retryDelayS } from './retry.ts'
export { CoveredFacts } from './memory/covered.ts'
export { type Journal } from './memory/journal.ts'
export { Lane } from './memory/lane.ts'
export { isJob, Memory } from './memory/memory.ts'
export { sortedOrder } from './memory/timed-set.ts'
export { flush, mutate, type MutateInput } from './rules/mutate.ts'
export { putNote } from './rules/note.ts'
export {
  recover,
  rewrite,
  withdraw,
  type RecoverInput,
  type RewriteInput,
  type Whereabouts,
  type WithdrawInput,
} from './rules/operator.ts'
export { push } from './rules/push.ts'
export {
  isQueueName,
  pauseQueues,
  removeQueues,
  resumeQueues,
  type NamesInput,
} from './rules/queue.ts'
export {
  enqueueDue,
  lapse,
  purgeDead,
  shiftReservations,
  sweepRemoved,
  type SliceInput,
  type TaskReply,
} from './rules/task.ts'
export {
  takeJobs,
  takeRecords,
  type TransferredJob,
  type TransferredRecords,
} from './rules/transfer.ts'
export {
  ack,
  fail,
  fetch,
  reservationMs,
  type Fetched,
  type FetchReply,
  type FetchInput,
  type JidInput,
} from './rules/work.ts'
export {
  advance,
  beat,
  bye,
  hello,
  reap,
  shiftWorkers,
  signal,
  touch,
  type BeatInput,
  type HelloInput,
} from './rules/worker.ts'
