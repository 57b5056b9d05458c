/** The part of Node's Buffer that reading lines needs. */
export interface Bytes {
  readonly length: number
  indexOf(byte: number, from?: number): number
  toString(encoding: 'utf8', start: number, end: number): string
  subarray(start: number, end?: number): Bytes
}

export interface LineOptions<B extends Bytes> {
  /** A longer line is an error: `tooLong`. Without its LF. */
  readonly limitBytes: number
  /** Joins pieces into bytes of their own, not views of the pieces. */
  readonly concat: (parts: readonly B[]) => B
}

const LF = 0x0a
const CR = 0x0d
const NONE = -1

/**
 * So many pieces of an unfinished line are joined into one. A peer that sends byte by byte would
 * else cost a hundred bytes of memory for each; and each byte is copied but once more.
 */
const LOOSE_PARTS = 256

/**
 * Cuts a stream of bytes into lines, ended by LF, one CR before it dropped. A line that is whole in
 * one chunk is decoded from there; pieces of a longer one are kept until it ends.
 */
export class LineReader<B extends Bytes> {
  limitBytes: number
  readonly #concat: (parts: readonly B[]) => B
  #parts: B[] = []
  #partsBytes = 0
  /** How many of the parts were joined already. */
  #joined = 0
  #chunk: B | undefined
  #from = 0
  #tooLong = false

  constructor(options: LineOptions<B>) {
    this.limitBytes = options.limitBytes
    this.#concat = options.concat
  }

  /** A line passed the limit. Nothing more is read. */
  get tooLong(): boolean {
    return this.#tooLong
  }

  /** Bytes held of a line that has not ended; counts once `next` has given undefined. */
  get pendingBytes(): number {
    return this.#partsBytes
  }

  /** Bytes held in all: of the line that has not ended, and of the chunk that is not read yet. */
  get heldBytes(): number {
    return this.#partsBytes + (this.#chunk === undefined ? 0 : this.#chunk.length - this.#from)
  }

  /** Best after `next` has given undefined for the chunk before; else the rest of it is copied. */
  push(chunk: B): void {
    if (this.#tooLong) return
    const unread = this.#chunk?.subarray(this.#from) as B | undefined
    this.#chunk = unread === undefined ? chunk : this.#concat([unread, chunk])
    this.#from = 0
  }

  /** The next whole line, decoded from UTF-8, or undefined when more bytes are needed. */
  next(): string | undefined {
    const chunk = this.#chunk
    if (chunk === undefined) return undefined
    const end = chunk.indexOf(LF, this.#from)
    if (end === NONE) {
      this.#keep(chunk)
      return undefined
    }
    const from = this.#from
    this.#from = end + 1
    if (this.#partsBytes + end - from > this.limitBytes) return this.#refuse()
    if (this.#partsBytes === 0) return decode(chunk, from, end)
    // subarray of B is a B: Buffer's own says so, the interface cannot.
    this.#parts.push(chunk.subarray(from, end) as B)
    const whole = this.#concat(this.#parts)
    this.#forget()
    return decode(whole, 0, whole.length)
  }

  /** Lets go of everything. */
  clear(): void {
    this.#forget()
    this.#chunk = undefined
  }

  #forget(): void {
    this.#parts = []
    this.#partsBytes = 0
    this.#joined = 0
  }

  #keep(chunk: B): void {
    const rest = chunk.length - this.#from
    this.#chunk = undefined
    if (rest === 0) return
    const whole = this.#from === 0
    const part = chunk.subarray(this.#from) as B
    // A small rest must not keep a large chunk alive.
    this.#parts.push(whole ? chunk : this.#concat([part]))
    this.#partsBytes += rest
    if (this.#partsBytes > this.limitBytes) this.#refuse()
    else if (this.#parts.length - this.#joined >= LOOSE_PARTS) {
      this.#parts.push(this.#concat(this.#parts.splice(this.#joined)))
      this.#joined += 1
    }
  }

  #refuse(): undefined {
    this.#tooLong = true
    this.clear()
    return undefined
  }
}

function decode(bytes: Bytes, from: number, end: number): string {
  const text = bytes.toString('utf8', from, end)
  return text.charCodeAt(text.length - 1) === CR ? text.slice(0, -1) : text
}
