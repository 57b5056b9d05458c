import type { Entry, Job, Position, Seq } from '../types.ts'

/**
 * Reserved jobs by jid, by second of lapse and by worker. Two jobs may carry one jid, so a jid
 * names a list, newest last.
 */
export class Reservations {
  readonly #byJid = new Map<string, Job | Job[]>()
  readonly #bySecond = new Map<number, Map<Seq, Job>>()
  readonly #heldBy = new Map<string, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(job: Job): void {
    const same = this.#byJid.get(job.jid)
    if (same === undefined) this.#byJid.set(job.jid, job)
    else if (Array.isArray(same)) same.push(job)
    else this.#byJid.set(job.jid, [same, job])
    const second = Math.floor(job.at / 1000)
    const bucket = this.#bySecond.get(second)
    if (bucket === undefined) this.#bySecond.set(second, new Map([[job.seq, job]]))
    else bucket.set(job.seq, job)
    this.#heldBy.set(job.wid, (this.#heldBy.get(job.wid) ?? 0) + 1)
    this.#size += 1
  }

  remove(job: Job): void {
    const same = this.#byJid.get(job.jid)
    if (Array.isArray(same)) {
      const rest = same.filter((other) => other !== job)
      if (rest.length === 1 && rest[0] !== undefined) this.#byJid.set(job.jid, rest[0])
      else this.#byJid.set(job.jid, rest)
    } else {
      this.#byJid.delete(job.jid)
    }
    const second = Math.floor(job.at / 1000)
    const bucket = this.#bySecond.get(second)
    bucket?.delete(job.seq)
    if (bucket?.size === 0) this.#bySecond.delete(second)
    const held = (this.#heldBy.get(job.wid) ?? 0) - 1
    if (held > 0) this.#heldBy.set(job.wid, held)
    else this.#heldBy.delete(job.wid)
    this.#size -= 1
  }

  /** Of those that `wid` holds the newest, else the newest of all. */
  find(jid: string, wid: string): Job | undefined {
    const same = this.#byJid.get(jid)
    if (!Array.isArray(same)) return same
    return same.findLast((job) => job.wid === wid) ?? same.at(-1)
  }

  /** All of a jid, newest first. */
  all(jid: string): readonly Job[] {
    const same = this.#byJid.get(jid)
    if (same === undefined) return []
    return Array.isArray(same) ? same.toReversed() : [same]
  }

  get(at: number, seq: Seq): Job | undefined {
    const job = this.#bySecond.get(Math.floor(at / 1000))?.get(seq)
    return job?.at === at ? job : undefined
  }

  held(wid: string): number {
    return this.#heldBy.get(wid) ?? 0
  }

  /** The start of the second in which the next one lapses. */
  firstAt(): number | undefined {
    let first = Infinity
    for (const second of this.#bySecond.keys()) if (second < first) first = second
    const bucket = this.#bySecond.get(first)
    if (bucket === undefined) return undefined
    let at = Infinity
    for (const job of bucket.values()) at = Math.min(at, job.at)
    return at
  }

  /** Those whose time is not after `until`, by (at, seq). */
  lapsed(until: number, limit: number): Job[] {
    const seconds = [...this.#bySecond.keys()].filter((second) => second * 1000 <= until)
    seconds.sort((a, b) => a - b)
    const found: Job[] = []
    for (const second of seconds) {
      if (found.length >= limit) break
      const jobs = [...(this.#bySecond.get(second)?.values() ?? [])].filter(
        (job) => job.at <= until,
      )
      found.push(...jobs.sort(byTime))
    }
    return found.slice(0, limit)
  }

  /** Seqs by (at, seq) or against it, past one, at most `limit`. */
  seqsAfter(after: Position | undefined, limit: number, reversed: boolean): Seq[] {
    const jobs = [...this].sort(byTime)
    if (reversed) jobs.reverse()
    const sign = reversed ? -1 : 1
    const isPast = (job: Entry): boolean =>
      after === undefined || sign * (job.at - after.key || job.seq - after.seq) > 0
    const from = jobs.findIndex(isPast)
    return from < 0 ? [] : jobs.slice(from, from + limit).map((job) => job.seq)
  }

  heldBy(): ReadonlyMap<string, number> {
    return new Map(this.#heldBy)
  }

  *[Symbol.iterator](): Generator<Job> {
    for (const bucket of this.#bySecond.values()) yield* bucket.values()
  }

  clear(): void {
    this.#byJid.clear()
    this.#bySecond.clear()
    this.#heldBy.clear()
    this.#size = 0
  }
}

const byTime = (a: Entry, b: Entry): number => a.at - b.at || a.seq - b.seq
