import { flush } from '@jobmill/core'
import { OK } from '@jobmill/protocol'
import { outcome, type Handler } from '../context.ts'

export const handleFlush: Handler<'FLUSH'> = ({ store, activity, log }, peer, _command, reply) => {
  log.warn({ peer: peer.address }, 'FLUSH: all jobs, queues and counts are dropped')
  store.run(flush, undefined, (_, error) => {
    if (error === undefined) activity.forget()
    reply(outcome(undefined, error, OK))
  })
}
