import { pauseQueues, removeQueues, resumeQueues } from '@jobmill/core'
import { bulk, OK } from '@jobmill/protocol'
import { outcome, readFault, type Handler } from '../context.ts'

const RULES = { PAUSE: pauseQueues, RESUME: resumeQueues, REMOVE: removeQueues } as const

export const handleQueue: Handler<'QUEUE'> = ({ store, log }, peer, { action, names }, reply) => {
  if (action !== 'LATENCY') {
    log.info({ peer: peer.address, queues: names }, `QUEUE ${action}`)
    store.run(RULES[action], { names }, (_, error) => reply(outcome(undefined, error, OK)))
    return
  }
  const asked = [...new Set(names)].filter((name) => name !== '').sort()
  Promise.all(asked.map(async (name) => [name, await store.latency(name)] as const)).then(
    (latencies) => reply(bulk(JSON.stringify(Object.fromEntries(latencies)))),
    (error: unknown) => reply(readFault(error, log, 'QUEUE')),
  )
}
