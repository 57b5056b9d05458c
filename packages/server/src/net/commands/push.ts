import { push } from '@jobmill/core'
import { OK } from '@jobmill/protocol'
import { outcome, type Handler } from '../context.ts'

export const handlePush: Handler<'PUSH'> = ({ store }, _peer, { job }, reply) => {
  store.run(push, job, (refusal, error) => reply(outcome(refusal, error, OK)))
}
