/** One command's place in the order of replies. */
interface Slot {
  text: string | undefined
  readonly size: number
}

/** With more commands in hand than that, or longer ones, a connection's further ones wait. */
const SLOTS_MAX = 10_000
const IN_HAND_MAX = 4 * 1024 * 1024
const COMPACT_AT = 1_000

/**
 * Keeps the replies of a connection in the order of its commands, whichever is known first, and
 * gives all that can leave in one write a turn.
 */
export class Replies {
  readonly #write: (text: string) => void
  readonly #written: () => void
  #slots: Slot[] = []
  #first = 0
  #inHand = 0
  #heldLength = 0
  #out = ''
  #scheduled = false

  /** @param written called after each write: there may be room again, or nothing left to answer */
  constructor(write: (text: string) => void, written: () => void) {
    this.#write = write
    this.#written = written
  }

  /** Commands that have no reply yet, or wait behind one that has none. */
  get waiting(): number {
    return this.#slots.length - this.#first
  }

  /** Characters of replies that are known and not written yet. */
  get heldLength(): number {
    return this.#heldLength
  }

  /** So much is in hand that no further command is taken. A single one always is. */
  get full(): boolean {
    return this.#inHand > IN_HAND_MAX || this.waiting >= SLOTS_MAX
  }

  /**
   * Takes the next place. @param size the command's length
   * @returns what fills it, once
   */
  take(size: number): (text: string) => void {
    const slot: Slot = { text: undefined, size }
    this.#slots.push(slot)
    this.#inHand += size
    return (text) => {
      slot.text = text
      this.#heldLength += text.length
      this.#gather()
    }
  }

  /** Writes what can leave, now. */
  flush(): void {
    this.#scheduled = false
    if (this.#out === '') return
    const text = this.#out
    this.#out = ''
    this.#heldLength -= text.length
    this.#write(text)
    this.#written()
  }

  #gather(): void {
    for (let slot = this.#slots[this.#first]; slot?.text !== undefined;) {
      this.#out += slot.text
      this.#inHand -= slot.size
      this.#first += 1
      slot = this.#slots[this.#first]
    }
    if (this.#first === this.#slots.length) {
      this.#slots = []
      this.#first = 0
    } else if (this.#first >= COMPACT_AT) {
      // A peer that always has a command in hand would else never let go of the answered ones.
      this.#slots.splice(0, this.#first)
      this.#first = 0
    }
    if (this.#out === '' || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => this.flush())
  }
}
