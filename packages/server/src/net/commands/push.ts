import { push } from '@jobmill/core'
import { OK } from '@jobmill/protocol'
import { tellPushed } from '../../activity/pushed.ts'
import { outcome, type Handler } from '../context.ts'

export const handlePush: Handler<'PUSH'> = ({ store, activity, clock }, _peer, { job }, reply) => {
  store.run(push, job, (refusal, error) => {
    if (refusal === undefined && error === undefined) tellPushed(activity, job, clock)
    reply(outcome(refusal, error, OK))
  })
}
