import { bulk } from '@jobmill/protocol'
import { readFault, type Handler } from '../context.ts'

export const handleInfo: Handler<'INFO'> = (context, _peer, _command, reply) => {
  context.info().then(
    (json) => reply(bulk(json)),
    (error: unknown) => reply(readFault(error, context.log, 'INFO')),
  )
}
