import { LIMITS, LineReader } from '@jobmill/protocol'

/** Past so many bytes that wait behind a command in its turn, the socket is not read. */
const FULL_BYTES = 256 * 1024

/** What a peer sent and nobody has carried out yet, as lines. */
export class Inbox {
  readonly #reader = new LineReader<Buffer>({
    limitBytes: LIMITS.helloBytes,
    concat: (parts) => Buffer.concat(parts),
  })
  #chunks: Buffer[] = []
  #chunkBytes = 0

  /** The longest line that is taken. */
  get limitBytes(): number {
    return this.#reader.limitBytes
  }

  set limitBytes(bytes: number) {
    this.#reader.limitBytes = bytes
  }

  /** A line passed the limit: nothing more comes. */
  get tooLong(): boolean {
    return this.#reader.tooLong
  }

  get heldBytes(): number {
    return this.#reader.heldBytes + this.#chunkBytes
  }

  get isFull(): boolean {
    return this.#chunkBytes > FULL_BYTES
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#chunkBytes += chunk.length
  }

  /** The next line, undefined when more bytes are needed, or `tooLong`. */
  next(): string | undefined {
    for (;;) {
      const line = this.#reader.next()
      if (line !== undefined || this.#reader.tooLong) return line
      const chunk = this.#chunks.shift()
      if (chunk === undefined) return undefined
      this.#chunkBytes -= chunk.length
      this.#reader.push(chunk)
    }
  }

  /** Lets go of everything. */
  clear(): void {
    this.#reader.clear()
    this.#chunks = []
    this.#chunkBytes = 0
  }
}
