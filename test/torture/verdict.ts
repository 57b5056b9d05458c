import type { Ledger, Sent, TrackedJob } from './ledger.ts'
import { failuresOf, Place, type Row } from './rows.ts'

/** A failed job rests at least so long. Source: the back-off formula, 15 s + chance. */
export const BACKOFF_MIN_MS = 15_000

/** `full` may forget the ACKs and FETCHes of the last instants before a kill, and only those. */
export const LAST_INSTANTS_MS = 50

export interface Verdict {
  readonly violations: readonly string[]
  /** Jobs whose ACK was answered and that were there again, as `full` allows. */
  readonly ranAgain: number
  /** The longest time between such an answer (ACK or FETCH) and the kill that undid it. */
  readonly oldestUndoneMs: number
}

/**
 * Accounts for every job after the last, clean stop.
 * @param rows what is left in the data folder
 * @param endMs wall clock (epoch ms) of the stop
 */
export function judge(
  ledger: Ledger,
  rows: ReadonlyMap<string, readonly Row[]>,
  durability: 'full' | 'strict',
  endMs: number,
): Verdict {
  const court = new Court(ledger, durability === 'strict', endMs)
  for (const job of ledger.jobs.values()) court.hear(job, rows.get(job.jid) ?? [])
  for (const jid of rows.keys()) {
    if (!ledger.jobs.has(jid)) court.violations.push(`${jid}: in the file, but nobody pushed it`)
  }
  return court
}

class Court implements Verdict {
  readonly violations: string[]
  ranAgain = 0
  oldestUndoneMs = 0
  readonly #ledger: Ledger
  readonly #strict: boolean
  readonly #endMs: number

  constructor(ledger: Ledger, strict: boolean, endMs: number) {
    this.#ledger = ledger
    this.#strict = strict
    this.#endMs = endMs
    this.violations = [...ledger.violations]
  }

  hear(job: TrackedJob, rows: readonly Row[]): void {
    const row = rows[0]
    if (rows.length > 1) {
      this.#accuse(job, `in ${rows.length} places: ${rows.map((one) => one.state).join(', ')}`)
    }
    let previous: Sent | undefined
    for (const handout of job.handouts) {
      if (previous !== undefined) this.#again(job, previous, handout)
      previous = handout
    }
    if (row === undefined) this.#gone(job)
    else this.#stays(job, row, previous)
  }

  /** It is nowhere: then it was finished, or the push was never answered. */
  #gone(job: TrackedJob): void {
    const finished = job.acks.length > 0 || (job.retry === 0 && job.fails.length > 0)
    if (job.push.answer?.ok === true && !finished) this.#accuse(job, 'LOST')
  }

  /** It is in the file: that must fit what was done last. */
  #stays(job: TrackedJob, row: Row, last: Sent | undefined): void {
    if (!row.payload.includes(`"args":${job.args}`)) this.#accuse(job, 'its args are changed')
    const failed = job.fails.filter((fail) => fail.answer?.ok === true)
    const failures = failuresOf(row)
    if (failures < failed.length || failures > job.fails.length) {
      this.#accuse(job, `${failures} failures in the file, ${failed.length} were answered`)
    }
    if (last === undefined) {
      // Reserved: the FETCH's answer was lost on its way.
      const early = row.state === Place.Scheduled && row.at <= this.#endMs - 1000
      if (row.state === Place.Queued || early) this.#accuse(job, `left behind in ${row.state}`)
      return
    }
    const failure = failed.find((fail) => fail.sentAtMs > answeredMs(last))
    if (failure !== undefined) {
      if (job.retry === 0) this.#accuse(job, 'discarded by its failure, but still there')
      const sleeps = row.state === (job.retry < 0 ? Place.Dead : Place.Retry)
      const slept = failure.sentAtMs + BACKOFF_MIN_MS < nowMs()
      if (!sleeps && !(job.retry > 0 && slept)) this.#accuse(job, `failed, but in ${row.state}`)
      return
    }
    const settled = this.#settledBetween(job, last, Number.POSITIVE_INFINITY)
    if (settled === 'surely') this.#accuse(job, `ACK was answered, but it is in ${row.state}`)
    if (settled === 'never' && this.#durable(last) && row.state !== Place.Reserved) {
      this.#accuse(job, `handed out, but in ${row.state}`)
    }
    if (settled !== 'surely' && row.state === Place.Queued) this.#accuse(job, 'left in its queue')
  }

  /** It was handed out twice: the first time must have failed, or been undone by a kill. */
  #again(job: TrackedJob, first: Sent, second: Sent): void {
    const secondMs = answeredMs(second)
    const failure = job.fails.find(
      (fail) =>
        fail.answer?.ok === true && fail.sentAtMs > answeredMs(first) && fail.sentAtMs < secondMs,
    )
    if (failure !== undefined) {
      if (job.retry <= 0) this.#accuse(job, `ran again after its last failure`)
      const restedMs = secondMs - failure.sentAtMs
      if (restedMs < BACKOFF_MIN_MS) this.#accuse(job, `failed, and ran again after ${restedMs} ms`)
      return
    }
    const settled = this.#settledBetween(job, first, secondMs)
    if (settled === 'surely') this.#accuse(job, 'ACK was answered, but it ran again')
    if (settled !== 'never') return
    if (first.life === second.life) this.#accuse(job, 'handed out twice in one life')
    else if (this.#durable(first)) this.#accuse(job, 'handed out twice')
  }

  /**
   * Whether a handout was settled before a moment by a command whose effect must last. An ACK of
   * another life than the handout's counts only if that life remembers the handout.
   */
  #settledBetween(job: TrackedJob, handout: Sent, untilMs: number): 'surely' | 'perhaps' | 'never' {
    let found: 'perhaps' | 'never' = 'never'
    for (const fail of job.fails) {
      if (fail.sentAtMs < answeredMs(handout) || fail.sentAtMs > untilMs) continue
      found = 'perhaps'
      const refused = fail.answer !== undefined && !fail.answer.ok
      if (refused && fail.life === handout.life && job.acks.length === 0) {
        this.#accuse(job, `FAIL refused in the life of its FETCH: ${fail.answer?.text ?? ''}`)
      }
    }
    for (const ack of job.acks) {
      if (ack.sentAtMs < answeredMs(handout) || ack.sentAtMs > untilMs) continue
      found = 'perhaps'
      const known = ack.life === handout.life || this.#durable(handout)
      if (ack.answer?.ok !== true || !known) continue
      if (this.#strict || this.#durable(ack)) return 'surely'
      this.ranAgain += 1
    }
    return found
  }

  /**
   * Whether the effect of an answered FETCH or ACK must have outlived its life: a later command's
   * commit took it along, or it was not among the last instants. A commit in the works delays the
   * next one, so "instants" begin to count where the slowest commit of that life would have ended.
   */
  #durable(sent: Sent): boolean {
    if (sent.answer === undefined) return false
    const life = this.#ledger.lifeOf(sent)
    if (sent.answer.atMs < life.committedMs) return true
    const beforeKillMs = life.killedAtMs - sent.answer.atMs
    if (beforeKillMs > LAST_INSTANTS_MS + 2 * life.slowestCommitMs) return true
    this.oldestUndoneMs = Math.max(this.oldestUndoneMs, beforeKillMs)
    return false
  }

  #accuse(job: TrackedJob, what: string): void {
    const { push, handouts, acks, fails } = job
    const brief = (list: readonly Sent[]) =>
      list.map((s) => `life ${s.life} ${s.sentAtMs.toFixed(1)}→${s.answer?.atMs.toFixed(1) ?? '?'}`)
    this.violations.push(
      `${job.jid}: ${what} (push ${brief([push]).join()}; fetch ${brief(handouts).join()}; ` +
        `ack ${brief(acks).join()}; fail ${brief(fails).join()}; retry ${job.retry})`,
    )
  }
}

function answeredMs(sent: Sent): number {
  return sent.answer?.atMs ?? Number.POSITIVE_INFINITY
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
