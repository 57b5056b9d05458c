import { mutate, State, type TimedState } from '@jobmill/core'
import { errorReply, OK, type Command, type MutateTarget, type Refusal } from '@jobmill/protocol'
import { filterOfMutate } from '../../filter/filter.ts'
import { sliceOf, StoreError } from '../../store/store.ts'
import { storeRefusal, type Context, type Handler } from '../context.ts'

const SETS: Readonly<Record<MutateTarget, TimedState>> = {
  scheduled: State.Scheduled,
  retries: State.Retry,
  dead: State.Dead,
}

/** Jobs a slice: small, so that other commands get their turn between two. */
const SLICE = 250

/** Changes all jobs of a set that fit, slice by slice in the order of their rows. */
export const handleMutate: Handler<'MUTATE'> = (context, peer, command, reply) => {
  mutateAll(context, command).then(
    (count) => {
      const { cmd, target } = command
      context.log.info({ peer: peer.address, cmd, target, count }, 'MUTATE done')
      reply(OK)
    },
    (error: unknown) => reply(errorReply(refusalOf(error, context))),
  )
}

async function mutateAll(
  { store }: Context,
  { cmd, target, filter }: Extract<Command, { verb: 'MUTATE' }>,
): Promise<number> {
  const set = SETS[target]
  const selection = await store.select({ state: set }, filterOfMutate(filter))
  let count = 0
  for (let from = 0; from < selection.seq.length; from += SLICE) {
    const keys = sliceOf(selection, from, SLICE)
    count += await new Promise<number>((resolve, reject) => {
      store.run(mutate, { cmd, set, keys }, (changed, error) => {
        if (error === undefined) resolve(changed)
        else reject(error)
      })
    })
  }
  return count
}

function refusalOf(error: unknown, { log }: Context): Refusal {
  if (error instanceof StoreError) return storeRefusal(error)
  log.error({ err: error }, 'MUTATE failed')
  return storeRefusal(new StoreError('unwritable', (error as Error).message))
}
