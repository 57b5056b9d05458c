import { fetch, type Fetched } from '@jobmill/core'
import { bulk, formatTime, LIMITS, NIL, renderJob } from '@jobmill/protocol'
import type { Context, Handler, Peer } from '../context.ts'
import type { Outcome, WaitingFetch } from '../waiting.ts'

/** Answers with a job at once, or waits for one for about two seconds. */
export const handleFetch: Handler<'FETCH'> = (context, peer, { queues }, reply) => {
  if (peer.leaving) {
    reply(NIL)
    return
  }
  context.activity.fetching(peer.wid, queues)
  // Those who wait longer come first, also for what arrived in this very turn.
  context.waiting.serve()
  new Fetching(context, peer, queues, reply).start()
}

/** One FETCH until it is answered: looks, and looks again when jobs may have come. */
class Fetching implements WaitingFetch {
  readonly queues: readonly string[]
  readonly #context: Context
  readonly #peer: Peer
  readonly #reply: (text: string) => void
  readonly #gone = (): void => this.giveUp()
  #timer: NodeJS.Timeout | undefined
  #looking = false
  /** Jobs may have come since the look that is under way began. */
  #again = false
  #late = false
  #answered = false

  constructor(
    context: Context,
    peer: Peer,
    queues: readonly string[],
    reply: (text: string) => void,
  ) {
    this.#context = context
    this.#peer = peer
    this.queues = queues
    this.#reply = reply
  }

  start(): void {
    let quiet = false
    this.attempt((outcome) => {
      quiet = outcome === 'quiet'
      if (quiet) this.#context.waiting.withdraw(this)
    })
    if (this.#answered) return
    // Before a look that takes time has its answer: what comes meanwhile is not missed.
    this.#timer = setTimeout(this.#gone, LIMITS.fetchWaitMs)
    this.#peer.onGone(this.#gone)
    this.#context.waiting.add(this)
    if (quiet) this.#context.waiting.withdraw(this)
  }

  attempt(told: (outcome: Outcome) => void): void {
    if (this.#looking || this.#answered) {
      this.#again = true
      told('busy')
      return
    }
    this.#looking = true
    this.#again = false
    const input = { queues: this.queues, wid: this.#peer.wid }
    this.#context.store.run(fetch, input, (answer, error) => {
      this.#looking = false
      // A store that takes nothing now may do so before the wait is over.
      const found = error === undefined ? answer : 'empty'
      // A job that was handed out is handed on, however late.
      if (typeof found === 'object') {
        this.#context.activity.fetched(found)
        this.#end(render(found))
      } else if (this.#late) this.#end(NIL)
      else if (found === 'empty' && this.#again && error === undefined) {
        this.attempt(told)
        return
      }
      told(typeof found === 'object' ? 'served' : found)
    })
  }

  giveUp(): void {
    this.#late = true
    if (!this.#looking) this.#end(NIL)
  }

  #end(text: string): void {
    this.#answered = true
    clearTimeout(this.#timer)
    this.#context.waiting.remove(this)
    this.#peer.offGone(this.#gone)
    this.#reply(text)
  }
}

const render = ({ payload, enqueuedAtMs, failure }: Fetched): string =>
  bulk(renderJob(payload, formatTime(enqueuedAtMs), failure))
