import { performance } from 'node:perf_hooks'
import { recover, State } from '@jobmill/core'
import { heldBy } from '../filter/filter.ts'
import type { Log } from '../log.ts'
import { runRule, sliceOf, type Store } from '../store/store.ts'

const EVERY_MS = 5_000
/** A worker that is gone for so long has lost its jobs; a restart or a cut network takes less. */
const GONE_MS = 60_000
const SLICE = 250

interface OrphansOptions {
  readonly store: Store
  readonly log: Log
  /** Whether lost jobs are recovered without anybody asking. */
  readonly recovers: () => boolean
  /** ms that nobody sets; the process's own if not given. */
  readonly monotonic?: () => number
}

/**
 * Knows the jobs of workers that are gone: held by a wid that has had no connection for a minute.
 * They come back when their reservations end; by setting at once, but then only those of workers
 * that sent BEATs, for from others silence tells nothing.
 */
export class Orphans {
  readonly #options: OrphansOptions
  readonly #monotonic: () => number
  /** When a wid that holds jobs was first seen without a connection. */
  readonly #goneSinceMs = new Map<string, number>()
  readonly #beaten = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #looking = false

  constructor(options: OrphansOptions) {
    this.#options = options
    this.#monotonic = options.monotonic ?? (() => performance.now())
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#tryToLook(), EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Whether what a worker holds is lost. */
  isLost(wid: string): boolean {
    const sinceMs = this.#goneSinceMs.get(wid)
    return sinceMs !== undefined && this.#monotonic() - sinceMs >= GONE_MS
  }

  async #tryToLook(): Promise<void> {
    if (this.#looking || this.#options.store.health().state !== 'ready') return
    this.#looking = true
    try {
      await this.#look()
    } catch (error) {
      this.#options.log.warn({ err: error }, 'lost jobs could not be looked for; trying again')
    }
    this.#looking = false
  }

  async #look(): Promise<void> {
    const { store } = this.#options
    const [workers, held] = await Promise.all([store.records('worker'), store.held()])
    const connected = new Set<string>()
    for (const [wid, { connections, beats }] of workers) {
      if (connections === 0) continue
      connected.add(wid)
      if (beats) this.#beaten.add(wid)
    }
    for (const wid of this.#beaten) {
      if (!connected.has(wid) && !held.has(wid)) this.#beaten.delete(wid)
    }
    for (const wid of this.#goneSinceMs.keys()) {
      if (connected.has(wid) || !held.has(wid)) this.#goneSinceMs.delete(wid)
    }
    for (const [wid, count] of held) {
      if (wid === '' || connected.has(wid)) continue
      if (!this.#goneSinceMs.has(wid)) this.#goneSinceMs.set(wid, this.#monotonic())
      else if (this.isLost(wid)) await this.#lost(wid, count)
    }
  }

  async #lost(wid: string, count: number): Promise<void> {
    const { log, recovers } = this.#options
    if (!recovers() || !this.#beaten.has(wid)) return
    const recovered = await this.#recover(wid)
    log.warn({ wid, count, recovered }, 'a worker is gone for a minute: its jobs are recovered')
  }

  async #recover(wid: string): Promise<number> {
    const { store } = this.#options
    const selection = await store.select({ state: State.Reserved }, { parts: [heldBy(wid)] })
    let recovered = 0
    for (let from = 0; from < selection.seq.length; from += SLICE) {
      const keys = sliceOf(selection, from, SLICE)
      recovered += await runRule(store, recover, { keys })
    }
    return recovered
  }
}
