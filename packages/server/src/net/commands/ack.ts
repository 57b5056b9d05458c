import { ack } from '@jobmill/core'
import { OK } from '@jobmill/protocol'
import { outcome, type Handler } from '../context.ts'

/** An unknown jid is no error: its job may have lapsed and run elsewhere. */
export const handleAck: Handler<'ACK'> = ({ store, activity, log }, peer, { jid }, reply) => {
  store.run(ack, { jid, wid: peer.wid }, (run, error) => {
    if (error === undefined) {
      if (run !== undefined) activity.done(run)
      else
        log.debug({ jid, wid: peer.wid }, 'ACK of a job that is not reserved: it may have lapsed')
    }
    reply(outcome(undefined, error, OK))
  })
}
