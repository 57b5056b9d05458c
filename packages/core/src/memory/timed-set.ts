import type { Entry, Position, Priority, Seq, TimedState } from '../types.ts'

const CHUNK = 512

/** Up to 512 entries in order, in typed arrays: 20 bytes an entry. */
interface Chunk {
  length: number
  readonly at: Float64Array
  readonly seq: Float64Array
  /** queue id × 16 + priority */
  readonly tag: Int32Array
}

const newChunk = (): Chunk => ({
  length: 0,
  at: new Float64Array(CHUNK),
  seq: new Float64Array(CHUNK),
  tag: new Int32Array(CHUNK),
})

/** Names of queues as small numbers, shared by the sets of one memory. */
export class QueueIds {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []

  id(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    this.#ids.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }

  name(id: number): string {
    return this.#names[id] ?? ''
  }
}

/**
 * Jobs that wait for a time, ordered by (at, seq), without their payloads. Chunks of a sorted list
 * keep an insert at a random time at a few hundred bytes moved, whatever the size.
 */
export class TimedSet {
  readonly #state: TimedState
  readonly #ids: QueueIds
  #chunks: Chunk[] = []
  #length = 0

  constructor(state: TimedState, ids: QueueIds) {
    this.#state = state
    this.#ids = ids
  }

  get length(): number {
    return this.#length
  }

  /** The smallest time, or undefined when empty. */
  firstAt(): number | undefined {
    return this.#chunks[0]?.at[0]
  }

  add(entry: Entry): void {
    const tag = this.#ids.id(entry.queue) * 16 + entry.priority
    const at = this.#chunkFor(entry.at, entry.seq)
    let chunk = this.#chunks[at]
    if (chunk === undefined) {
      chunk = newChunk()
      this.#chunks.push(chunk)
    } else if (chunk.length === CHUNK) {
      chunk = this.#split(at, entry)
    }
    const i = position(chunk, entry.at, entry.seq)
    for (const list of [chunk.at, chunk.seq, chunk.tag]) list.copyWithin(i + 1, i, chunk.length)
    chunk.at[i] = entry.at
    chunk.seq[i] = entry.seq
    chunk.tag[i] = tag
    chunk.length += 1
    this.#length += 1
  }

  /** @returns whether it was there */
  remove(at: number, seq: Seq): boolean {
    const c = this.#chunkFor(at, seq)
    const chunk = this.#chunks[c]
    if (chunk === undefined) return false
    const i = position(chunk, at, seq)
    if (i >= chunk.length || chunk.at[i] !== at || chunk.seq[i] !== seq) return false
    for (const list of [chunk.at, chunk.seq, chunk.tag]) list.copyWithin(i, i + 1, chunk.length)
    chunk.length -= 1
    this.#length -= 1
    if (chunk.length === 0) this.#chunks.splice(c, 1)
    return true
  }

  get(at: number, seq: Seq): Entry | undefined {
    const chunk = this.#chunks[this.#chunkFor(at, seq)]
    if (chunk === undefined) return undefined
    const i = position(chunk, at, seq)
    if (i >= chunk.length || chunk.at[i] !== at || chunk.seq[i] !== seq) return undefined
    return this.#entry(chunk, i)
  }

  /** The first entries whose time is not after `until`, in order. */
  due(until: number, limit: number): Entry[] {
    const found: Entry[] = []
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.length; i += 1) {
        if (found.length >= limit || (chunk.at[i] ?? 0) > until) return found
        found.push(this.#entry(chunk, i))
      }
    }
    return found
  }

  /** Seqs in order or against it, past one or from the end, at most `limit`. */
  seqsAfter(after: Position | undefined, limit: number, reversed: boolean): Seq[] {
    const step = reversed ? -1 : 1
    let c = reversed ? this.#chunks.length - 1 : 0
    let i = reversed ? (this.#chunks[c]?.length ?? 0) - 1 : 0
    if (after !== undefined) {
      c = this.#chunkFor(after.key, after.seq)
      const chunk = this.#chunks[c]
      if (chunk === undefined) return []
      i = position(chunk, after.key, after.seq)
      const there = chunk.at[i] === after.key && chunk.seq[i] === after.seq && i < chunk.length
      if (reversed) i -= 1
      else if (there) i += 1
    }
    const found: Seq[] = []
    for (; found.length < limit; i += step) {
      const chunk = this.#chunks[c]
      if (chunk === undefined) break
      if (i >= 0 && i < chunk.length) {
        found.push(chunk.seq[i] ?? 0)
        continue
      }
      c += step
      i = reversed ? (this.#chunks[c]?.length ?? 0) : -1
    }
    return found
  }

  /** Times and seqs of all, by (at, seq): a copy, cheap enough to make between two commands. */
  all(): { seq: Float64Array; at: Float64Array } {
    const seq = new Float64Array(this.#length)
    const at = new Float64Array(this.#length)
    let n = 0
    for (const chunk of this.#chunks) {
      seq.set(chunk.seq.subarray(0, chunk.length), n)
      at.set(chunk.at.subarray(0, chunk.length), n)
      n += chunk.length
    }
    return { seq, at }
  }

  /** Adds entries that come sorted by (at, seq) and lie after all that are there: a load from disk. */
  append(at: Float64Array, seq: Float64Array, tag: Int32Array): void {
    for (let from = 0; from < seq.length; from += CHUNK) {
      const chunk = newChunk()
      const to = Math.min(from + CHUNK, seq.length)
      chunk.at.set(at.subarray(from, to))
      chunk.seq.set(seq.subarray(from, to))
      chunk.tag.set(tag.subarray(from, to))
      chunk.length = to - from
      this.#chunks.push(chunk)
    }
    this.#length += seq.length
  }

  clear(): void {
    this.#chunks = []
    this.#length = 0
  }

  #entry(chunk: Chunk, i: number): Entry {
    const tag = chunk.tag[i] ?? 0
    return {
      seq: chunk.seq[i] ?? 0,
      queue: this.#ids.name(tag >> 4),
      priority: (tag & 15) as Priority,
      state: this.#state,
      at: chunk.at[i] ?? 0,
    }
  }

  /** The last chunk whose first entry is not after (at, seq); the first one if there is none. */
  #chunkFor(at: number, seq: Seq): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      const chunk = this.#chunks[middle]
      if (chunk !== undefined && isAfter(chunk.at[0] ?? 0, chunk.seq[0] ?? 0, at, seq)) {
        high = middle - 1
      } else {
        low = middle
      }
    }
    return low
  }

  #split(index: number, entry: Entry): Chunk {
    const full = this.#chunks[index]
    if (full === undefined) return newChunk()
    const next = newChunk()
    // A set that grows at its end gets full chunks: then nothing but the new entry moves.
    const last = CHUNK - 1
    const grows = isAfter(entry.at, entry.seq, full.at[last] ?? 0, full.seq[last] ?? 0)
    const keep = grows ? CHUNK : CHUNK >> 1
    next.at.set(full.at.subarray(keep))
    next.seq.set(full.seq.subarray(keep))
    next.tag.set(full.tag.subarray(keep))
    next.length = CHUNK - keep
    full.length = keep
    this.#chunks.splice(index + 1, 0, next)
    if (grows || !isAfter(next.at[0] ?? 0, next.seq[0] ?? 0, entry.at, entry.seq)) return next
    return full
  }
}

/** The indexes of a list in the order of its values; equal values stay in their order. */
export function sortedOrder(values: Float64Array): Uint32Array {
  const order = new Uint32Array(values.length).map((_, i) => i)
  return order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
}

function isAfter(atA: number, seqA: Seq, atB: number, seqB: Seq): boolean {
  return atA > atB || (atA === atB && seqA > seqB)
}

/** The first index whose entry is not before (at, seq). */
function position(chunk: Chunk, at: number, seq: Seq): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(at, seq, chunk.at[middle] ?? 0, chunk.seq[middle] ?? 0)) low = middle + 1
    else high = middle
  }
  return low
}
