import { errorReply, refuse } from '@jobmill/protocol'
import type { Handler } from '../context.ts'

/** Tracking is not there yet: the open server's own answer, which clients know. */
export const handleTrack: Handler<'TRACK'> = (_context, _peer, _command, reply) => {
  reply(errorReply(refuse('TRACK_UNAVAILABLE')))
}

/** Batches are not there yet: the open server's own answer, which clients know. */
export const handleBatch: Handler<'BATCH'> = (_context, _peer, _command, reply) => {
  reply(errorReply(refuse('BATCH_UNAVAILABLE')))
}
