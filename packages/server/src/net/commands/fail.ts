import { fail } from '@jobmill/core'
import { OK } from '@jobmill/protocol'
import { outcome, type Handler } from '../context.ts'

export const handleFail: Handler<'FAIL'> = ({ store, log }, peer, command, reply) => {
  store.run(fail, { ...command, wid: peer.wid }, (refusal, error) => {
    if (refusal !== undefined) {
      log.info(
        { jid: command.jid, wid: peer.wid },
        'FAIL of a job that is not reserved: it may have lapsed',
      )
    }
    reply(outcome(refusal, error, OK))
  })
}
