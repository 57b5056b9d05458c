import { createHash } from 'node:crypto'
import { CountRing } from './count-ring.ts'
import { fingerprint } from './fingerprint.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const MINUTES_KEPT = 24 * 60
export const HOURS_KEPT = 90 * 24

const GROUPS_MAX = 1_000
const SAMPLES_MAX = 5
/** Of a backtrace that is kept, all lines together. */
const BACKTRACE_LENGTH = 8_000

/** One failure, as the recorder hears of it. */
export interface Failing {
  readonly jid: string
  readonly jobtype: string
  readonly queue: string
  readonly errtype: string
  readonly message: string
  readonly backtrace: readonly string[]
  readonly atMs: number
}

/** A message of a group, and whose it was. */
export interface Sample {
  readonly jid: string
  readonly message: string
  readonly atMs: number
}

/** Failures of one jobtype that look the same. */
export interface ErrorGroup {
  readonly id: string
  readonly jobtype: string
  readonly errtype: string
  /** What their messages have in common. */
  readonly print: string
  /** Of the newest. */
  queue: string
  firstMs: number
  lastMs: number
  /** The newest first. */
  samples: readonly Sample[]
  backtrace: readonly string[]
  readonly minutes: CountRing
  readonly hours: CountRing
}

/** Failures by kind. Of more than a thousand kinds those that were not seen for longest go. */
export class ErrorGroups {
  /** By id, the one that was seen last at the end. */
  readonly #groups = new Map<string, ErrorGroup>()
  /** By what makes a group one: a hash for every failure would cost more than all the rest. */
  readonly #ids = new Map<string, string>()
  readonly #changed = new Set<string>()
  readonly #gone = new Set<string>()

  add(failing: Failing): void {
    const { jobtype, errtype, message, atMs } = failing
    const print = fingerprint(message)
    const key = keyOf(jobtype, errtype, print)
    const group = this.#groups.get(this.#ids.get(key) ?? '') ?? this.#enter(failing, key, print)
    const { id } = group
    this.#groups.delete(id)
    this.#groups.set(id, group)
    group.queue = failing.queue
    group.lastMs = atMs
    if (failing.backtrace.length > 0) group.backtrace = shortened(failing.backtrace)
    if (!group.samples.some((sample) => sample.message === message)) {
      const sample = { jid: failing.jid, message, atMs }
      group.samples = [sample, ...group.samples].slice(0, SAMPLES_MAX)
    }
    group.minutes.add(Math.floor(atMs / MINUTE_MS))
    group.hours.add(Math.floor(atMs / HOUR_MS))
    this.#changed.add(id)
    this.#trim()
  }

  get(id: string): ErrorGroup | undefined {
    return this.#groups.get(id)
  }

  /** The one that was seen last first. */
  list(): ErrorGroup[] {
    return [...this.#groups.values()].reverse()
  }

  /** Forgets groups that were not seen for 90 days. */
  forgetOld(nowMs: number): void {
    for (const { id, lastMs } of this.#groups.values()) {
      if (lastMs < nowMs - HOURS_KEPT * HOUR_MS) this.#forget(id)
    }
  }

  /** What changed since it was asked last: ids with their text, undefined for those that are gone. */
  changes(): [id: string, text: string | undefined][] {
    const changes: [string, string | undefined][] = [...this.#gone].map((id) => [id, undefined])
    for (const id of this.#changed) {
      const group = this.#groups.get(id)
      if (group === undefined) continue
      const { minutes, hours, ...facts } = group
      changes.push([id, JSON.stringify({ ...facts, minutes: minutes.pack(), hours: hours.pack() })])
    }
    this.#changed.clear()
    this.#gone.clear()
    return changes
  }

  /** Takes in a group as `changes` gave it. Throws for other texts. */
  take(text: string): void {
    const { minutes, hours, ...facts } = JSON.parse(text) as Omit<
      ErrorGroup,
      'minutes' | 'hours'
    > & { minutes: string; hours: string }
    if (typeof facts.id !== 'string' || typeof facts.print !== 'string') {
      throw new TypeError('not an error group')
    }
    const known = this.#groups.get(facts.id)
    const group = known ?? {
      ...facts,
      minutes: new CountRing(MINUTES_KEPT),
      hours: new CountRing(HOURS_KEPT),
    }
    group.firstMs = Math.min(group.firstMs, facts.firstMs)
    group.minutes.addPacked(minutes)
    group.hours.addPacked(hours)
    this.#groups.set(group.id, group)
    this.#trim()
  }

  clear(): void {
    this.#groups.clear()
    this.#ids.clear()
    this.#changed.clear()
    this.#gone.clear()
  }

  #enter({ jobtype, errtype, atMs }: Failing, key: string, print: string): ErrorGroup {
    const id = idOf(key)
    const group = this.#groups.get(id) ?? emptyGroup(id, jobtype, errtype, print, atMs)
    this.#ids.set(key, id)
    return group
  }

  #trim(): void {
    for (const id of this.#groups.keys()) {
      if (this.#groups.size <= GROUPS_MAX) return
      this.#forget(id)
    }
  }

  #forget(id: string): void {
    const group = this.#groups.get(id)
    if (group !== undefined) this.#ids.delete(keyOf(group.jobtype, group.errtype, group.print))
    this.#groups.delete(id)
    this.#changed.delete(id)
    this.#gone.add(id)
  }
}

const keyOf = (jobtype: string, errtype: string, print: string): string =>
  `${jobtype}\0${errtype}\0${print}`

/** The id of the group that a failure belongs to. */
export const idOfError = (jobtype: string, errtype: string, message: string): string =>
  idOf(keyOf(jobtype, errtype, fingerprint(message)))

/** Short, and the same after a restart: it stands in links. */
const idOf = (key: string): string =>
  createHash('sha1').update(key).digest('base64url').slice(0, 12)

const emptyGroup = (
  id: string,
  jobtype: string,
  errtype: string,
  print: string,
  atMs: number,
): ErrorGroup => ({
  id,
  jobtype,
  errtype,
  print,
  queue: '',
  firstMs: atMs,
  lastMs: atMs,
  samples: [],
  backtrace: [],
  minutes: new CountRing(MINUTES_KEPT),
  hours: new CountRing(HOURS_KEPT),
})

function shortened(backtrace: readonly string[]): readonly string[] {
  let left = BACKTRACE_LENGTH
  return backtrace.filter((line) => (left -= line.length) > 0)
}
