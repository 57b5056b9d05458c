import { fail } from '@jobmill/core'
import { isRefusal, OK } from '@jobmill/protocol'
import { outcome, type Handler } from '../context.ts'

export const handleFail: Handler<'FAIL'> = ({ store, activity, log }, peer, command, reply) => {
  store.run(fail, { ...command, wid: peer.wid }, (run, error) => {
    if (error !== undefined) {
      reply(outcome(undefined, error, OK))
      return
    }
    if (isRefusal(run)) {
      log.info(
        { jid: command.jid, wid: peer.wid },
        'FAIL of a job that is not reserved: it may have lapsed',
      )
      reply(outcome(run, undefined, OK))
      return
    }
    const { errtype, message, backtrace } = command
    activity.failed(run, { errtype, message, backtrace })
    reply(OK)
  })
}
