import { bulk, errorReply, refuse } from '@jobmill/protocol'
import type { Handler } from '../context.ts'

export const handleInfo: Handler<'INFO'> = (context, _peer, _command, reply) => {
  context.info().then(
    (json) => reply(bulk(json)),
    (error: unknown) => {
      context.log.error({ err: error }, 'INFO failed')
      reply(errorReply(refuse('INTERNAL')))
    },
  )
}
