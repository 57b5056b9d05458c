import type { Verb } from '@jobmill/protocol'
import type { Handler } from '../context.ts'
import { handleAck } from './ack.ts'
import { handleBeat } from './beat.ts'
import { handleFail } from './fail.ts'
import { handleFetch } from './fetch.ts'
import { handleFlush } from './flush.ts'
import { handleInfo } from './info.ts'
import { handleMutate } from './mutate.ts'
import { handlePush } from './push.ts'
import { handlePushBulk } from './pushb.ts'
import { handleQueue } from './queue.ts'
import { handleBatch, handleTrack } from './unavailable.ts'

/** END is the connection's own. */
export const HANDLERS: { readonly [V in Exclude<Verb, 'END'>]: Handler<V> } = {
  ACK: handleAck,
  BATCH: handleBatch,
  BEAT: handleBeat,
  FAIL: handleFail,
  FETCH: handleFetch,
  FLUSH: handleFlush,
  INFO: handleInfo,
  MUTATE: handleMutate,
  PUSH: handlePush,
  PUSHB: handlePushBulk,
  QUEUE: handleQueue,
  TRACK: handleTrack,
}

/** Commands that those behind them on the same connection wait for. */
export const IN_TURN: ReadonlySet<Verb> = new Set<Verb>(['FETCH', 'MUTATE', 'INFO', 'QUEUE'])
