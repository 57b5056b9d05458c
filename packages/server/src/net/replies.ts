/** One command's place in the order of replies. */
interface Slot {
  text: string | undefined
}

/** More commands in hand than that, and a connection's further ones wait. */
const SLOTS_MAX = 10_000

/**
 * Keeps the replies of a connection in the order of its commands, whichever is known first, and
 * gives all that can leave in one write a turn.
 */
export class Replies {
  readonly #write: (text: string) => void
  readonly #answered: () => void
  #slots: Slot[] = []
  #first = 0
  #out = ''
  #scheduled = false

  /** @param answered called when no command waits for a reply any more, after a write */
  constructor(write: (text: string) => void, answered: () => void) {
    this.#write = write
    this.#answered = answered
  }

  /** Commands that have no reply yet, or wait behind one that has none. */
  get waiting(): number {
    return this.#slots.length - this.#first
  }

  get full(): boolean {
    return this.waiting >= SLOTS_MAX
  }

  /** Takes the next place. @returns what fills it, once */
  take(): (text: string) => void {
    const slot: Slot = { text: undefined }
    this.#slots.push(slot)
    return (text) => {
      slot.text = text
      this.#gather()
    }
  }

  /** Writes what can leave, now. */
  flush(): void {
    this.#scheduled = false
    if (this.#out === '') return
    const text = this.#out
    this.#out = ''
    this.#write(text)
    if (this.waiting === 0) this.#answered()
  }

  #gather(): void {
    for (let slot = this.#slots[this.#first]; slot?.text !== undefined;) {
      this.#out += slot.text
      this.#first += 1
      slot = this.#slots[this.#first]
    }
    if (this.#first === this.#slots.length) {
      this.#slots = []
      this.#first = 0
    }
    if (this.#out === '' || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => this.flush())
  }
}
