import { beat, WorkerState } from '@jobmill/core'
import { bulk, errorReply, isRefusal, OK } from '@jobmill/protocol'
import { storeRefusal, type Handler } from '../context.ts'

/** Running is `+OK`; quiet and terminate are told at each beat, as a bulk string (docs/protocol.md T12). */
export const handleBeat: Handler<'BEAT'> = ({ store, sessions }, peer, command, reply) => {
  const { wid, currentState, rssKb } = command
  const own = peer.wid !== '' && peer.wid === wid ? peer.hello : undefined
  sessions.heard(wid)
  const input = { wid, currentState, rssKb, own, connections: sessions.connections(wid) }
  store.run(beat, input, (state, error) => {
    if (error !== undefined) reply(errorReply(storeRefusal(error)))
    else if (isRefusal(state)) reply(errorReply(state))
    else reply(state === WorkerState.Running ? OK : bulk(JSON.stringify({ state })))
  })
}
