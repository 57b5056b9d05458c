import type { Command, Refusal, Verb } from '@jobmill/protocol'
import { errorReply, refuse } from '@jobmill/protocol'
import type { HelloInput } from '@jobmill/core'
import type { Activity } from '../activity/activity.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { StoreError, type Store } from '../store/store.ts'
import type { Sessions } from './sessions.ts'
import type { Waiting } from './waiting.ts'

/** What commands work with. */
export interface Context {
  readonly store: Store
  readonly waiting: Waiting
  readonly sessions: Sessions
  readonly clock: Clock
  readonly log: Log
  /** Hears what happens to jobs. */
  readonly activity: Activity
  /** INFO's JSON. */
  info(): Promise<string>
}

/** Who asks. */
export interface Peer {
  /** '' for a producer. */
  readonly wid: string
  /** How it announced itself; undefined for a producer. */
  readonly hello: HelloInput | undefined
  /** Address and port, for the log. */
  readonly address: string
  /** It will send nothing more; so it gets no more jobs. */
  readonly leaving: boolean
  /** Called once when the peer is gone or has nothing more to say. */
  onGone(gone: () => void): void
  offGone(gone: () => void): void
}

/** Carries out one command: calls `reply` once, with a whole reply, now or later. */
export type Handler<V extends Verb> = (
  context: Context,
  peer: Peer,
  command: Extract<Command, { verb: V }>,
  reply: (text: string) => void,
) => void

/** What a peer is told when the store did not take its command. */
export function storeRefusal(error: StoreError): Refusal {
  switch (error.code) {
    case 'loading':
      return refuse('LOADING', /\d+/.exec(error.message)?.[0] ?? '0')
    case 'unwritable':
      return refuse('STORE_UNWRITABLE', error.message)
    case 'away':
      return refuse('STORE_AWAY', error.message)
    case 'closed':
      return refuse('SHUTDOWN')
  }
}

/** The reply to a rule that says OK or why not. */
export function outcome(
  refusal: Refusal | undefined,
  error: StoreError | undefined,
  ok: string,
): string {
  if (error !== undefined) return errorReply(storeRefusal(error))
  return refusal === undefined ? ok : errorReply(refusal)
}

/** The reply when reading failed: what the store says, or a fault of the server, which is logged. */
export function readFault(error: unknown, log: Log, verb: Verb): string {
  if (error instanceof StoreError) return errorReply(storeRefusal(error))
  log.error({ err: error, verb }, 'a command failed by a fault of the server; please report it')
  return errorReply(refuse('INTERNAL'))
}
