import { fetch, type Fetched } from '@jobmill/core'
import { bulk, formatTime, LIMITS, NIL, renderJob } from '@jobmill/protocol'
import type { Handler } from '../context.ts'
import type { WaitingFetch } from '../waiting.ts'

/** Answers with a job at once, or waits for one for about two seconds. */
export const handleFetch: Handler<'FETCH'> = (
  { store, activity, waiting },
  peer,
  { queues },
  reply,
) => {
  const look = (): Fetched | 'empty' | 'quiet' => {
    let found: Fetched | 'empty' | 'quiet' = 'empty'
    // A store that takes no writes now may do so before the wait is over.
    store.run(fetch, { queues, wid: peer.wid }, (answer, error) => {
      if (error !== undefined) return
      found = answer
      if (typeof answer === 'object') activity.fetched(answer)
    })
    return found
  }
  if (peer.leaving) {
    reply(NIL)
    return
  }
  activity.fetching(peer.wid, queues)
  // Those who wait longer come first, also for what arrived in this very turn.
  waiting.serve()
  const first = look()
  if (typeof first === 'object') {
    reply(render(first))
    return
  }

  const entry: WaitingFetch = {
    queues: first === 'quiet' ? [] : queues,
    attempt() {
      const found = look()
      if (typeof found !== 'object') return found
      end(render(found))
      return 'served'
    },
    giveUp: () => end(NIL),
  }
  const end = (text: string): void => {
    clearTimeout(timer)
    waiting.remove(entry)
    peer.offGone(entry.giveUp)
    reply(text)
  }
  const timer = setTimeout(entry.giveUp, LIMITS.fetchWaitMs)
  peer.onGone(entry.giveUp)
  waiting.add(entry)
}

const render = ({ payload, enqueuedAtMs, failure }: Fetched): string =>
  bulk(renderJob(payload, formatTime(enqueuedAtMs), failure))
