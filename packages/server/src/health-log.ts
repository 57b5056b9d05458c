import type { Log } from './log.ts'
import type { StoreHealth } from './store/store.ts'

const AGAIN_MS = 60_000
const PROGRESS_MS = 1_000

/** Tells the log how the store does: changes at once, what goes on now and then. */
export class HealthLog {
  readonly #log: Log
  readonly #nowMs: () => number
  #unwritable = false
  #saidAtMs = -Infinity
  #progressAtMs: number

  /** @param nowMs monotonic */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
    this.#progressAtMs = nowMs()
  }

  changed(health: StoreHealth): void {
    switch (health.state) {
      case 'loading':
        this.#loading(health.percent)
        break
      case 'unwritable':
        this.#broken(health.reason)
        break
      case 'ready':
        if (this.#unwritable) this.#log.info('the data can be written again: commands are taken')
        this.#unwritable = false
        break
      case 'closed':
        break
    }
  }

  #loading(percent: number): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#progressAtMs < PROGRESS_MS) return
    this.#progressAtMs = nowMs
    this.#log.info({ percent }, `loading ${percent} %`)
  }

  /** Each try to write tells it again. */
  #broken(reason: string): void {
    const nowMs = this.#nowMs()
    const first = !this.#unwritable
    this.#unwritable = true
    if (!first && nowMs - this.#saidAtMs < AGAIN_MS) return
    this.#saidAtMs = nowMs
    this.#log.error(
      { reason },
      'cannot write: pushes are refused until it is possible again, which is tried; mend what the reason names',
    )
  }
}
