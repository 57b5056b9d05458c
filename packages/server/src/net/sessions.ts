import { bye, hello, type HelloInput } from '@jobmill/core'
import type { Clock } from '../clock.ts'
import type { Store } from '../store/store.ts'

/** A connection of a worker, as far as sessions care. */
export interface Member {
  /** Closes it without a word. */
  drop(): void
}

interface Session {
  readonly members: Set<Member>
  heardAtMs: number
}

/** Which connections named which wid, and when any of them was last heard of. */
export class Sessions {
  readonly #store: Store
  readonly #clock: Clock
  readonly #byWid = new Map<string, Session>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  join(member: Member, input: HelloInput): void {
    const session = this.#byWid.get(input.wid)
    if (session === undefined) {
      this.#byWid.set(input.wid, { members: new Set([member]), heardAtMs: this.#clock.now() })
    } else session.members.add(member)
    this.#store.run(hello, input, () => undefined)
  }

  leave(member: Member, wid: string): void {
    const session = this.#byWid.get(wid)
    if (session === undefined || !session.members.delete(member)) return
    if (session.members.size === 0) this.#byWid.delete(wid)
    this.#store.run(bye, { wid }, () => undefined)
  }

  /** Every command of a worker is a sign of life (docs/protocol.md T24). */
  heard(wid: string): void {
    const session = this.#byWid.get(wid)
    if (session !== undefined) session.heardAtMs = this.#clock.now()
  }

  /** Epoch ms; 0 for a wid without a connection here. */
  heardAtMs(wid: string): number {
    return this.#byWid.get(wid)?.heardAtMs ?? 0
  }

  connections(wid: string): number {
    return this.#byWid.get(wid)?.members.size ?? 0
  }

  /** Closes all connections of a worker that was forgotten. */
  drop(wid: string): void {
    const session = this.#byWid.get(wid)
    this.#byWid.delete(wid)
    for (const member of session?.members ?? []) member.drop()
  }

  /** The clock was set: silence is not measured across it. */
  shift(byMs: number): void {
    for (const session of this.#byWid.values()) session.heardAtMs += byMs
  }
}
