import type { Ledger, Sent, TrackedJob } from '../torture/ledger.ts'
import { BACKOFF_MIN_MS, LAST_INSTANTS_MS } from '../torture/verdict.ts'
import { failuresOf, Place, type Row } from '../torture/rows.ts'
import { indexSends, type Event, type SentAt } from './log.ts'

/** A position in a recorder's log: bytes of it that were there, and when. */
export interface Cut {
  readonly end: number
  readonly atMs: number
}

/**
 * What the clients of one recording had been promised at any position of its log, to be held against
 * what a power cut there leaves.
 *
 * A command was answered before a cut if the log shows its answer on the way before the cut; it may
 * have been done before the cut if it was sent before it. What is answered without a wait for its
 * commit (FETCH, and ACK unless strict) must last from the moment on at which a later command that
 * waits was answered: its commit took the earlier ones along.
 */
export class Account {
  readonly #jobs: readonly TrackedJob[]
  readonly #undoneMostMs: number
  readonly #strict: boolean
  readonly #sentAt: SentAt
  /** Of the commands that wait for their commit: where their answer left, and where they were sent. */
  readonly #commits: readonly { readonly answeredAt: number; readonly sentAt: number }[]
  /** The longest time between an answer that did not last and its cut. */
  oldestUndoneMs = 0

  /** @param ledger of this one recording, and of what it took over from earlier ones */
  constructor(ledger: Ledger, events: readonly Event[], strict: boolean) {
    this.#jobs = [...ledger.jobs.values()]
    this.#strict = strict
    const slowestCommitMs = Math.max(0, ...ledger.lives.map((life) => life.slowestCommitMs))
    this.#undoneMostMs = LAST_INSTANTS_MS + 2 * slowestCommitMs
    this.#sentAt = indexSends(events)
    let sentAt = 0
    this.#commits = ledger.committed
      .map((sent) => ({ answeredAt: this.#answeredAt(sent).end, sentAt: sent.logBytes }))
      .sort((a, b) => a.answeredAt - b.answeredAt)
      .map((commit) => {
        sentAt = Math.max(sentAt, commit.sentAt)
        return { answeredAt: commit.answeredAt, sentAt }
      })
  }

  /**
   * Accounts for every job after a cut.
   * @returns what is wrong, a line each; a lost job's line has LOST in it
   */
  judge(cut: Cut, rows: ReadonlyMap<string, Row[]>) {
    const wrong: string[] = []
    const commit = this.#commits.findLast((one) => one.answeredAt <= cut.end)
    const lastingTo = commit?.sentAt ?? 0
    for (const job of this.#jobs) {
      const found = rows.get(job.jid) ?? []
      const fault = this.#faultOf(job, found, cut, lastingTo)
      if (fault !== undefined) wrong.push(`${job.jid}: ${fault}`)
    }
    const known = new Set(this.#jobs.map((job) => job.jid))
    for (const jid of rows.keys()) if (!known.has(jid)) wrong.push(`${jid}: nobody pushed it`)
    return wrong
  }

  #faultOf(job: TrackedJob, rows: readonly Row[], cut: Cut, lastingTo: number): string | undefined {
    const sent = (one: Sent) => one.logBytes <= cut.end
    const answered = (one: Sent) => one.answer?.ok === true && this.#answeredAt(one).end <= cut.end
    const lasting = (one: Sent) => answered(one) && this.#answeredAt(one).end <= lastingTo
    const row = rows[0]
    if (rows.length > 1) return `in ${rows.length} places`
    const acked = job.acks.some(sent)
    const failed = job.fails.some(sent)
    if (row === undefined) {
      const finished = acked || (failed && job.retry === 0)
      return answered(job.push) && !finished ? 'LOST' : undefined
    }
    if (!sent(job.push)) return 'here before it was pushed'
    if (!row.payload.includes(`"args":${job.args}`)) return 'its args are changed'
    const failure = this.#failureFault(job, row, cut)
    if (failure !== undefined) return failure
    const ack = job.acks.find(answered)
    if (ack !== undefined && (this.#strict || lasting(ack) || this.#tooOld(ack, cut.atMs))) {
      return `ACK was answered, but it is in ${row.state}`
    }
    const handout = job.handouts.find(answered)
    if (acked || failed || handout === undefined || row.state === Place.Reserved) return undefined
    const lost = lasting(handout) || this.#tooOld(handout, cut.atMs)
    return lost ? `handed out, but in ${row.state}` : undefined
  }

  #failureFault(job: TrackedJob, row: Row, cut: Cut): string | undefined {
    const failures = failuresOf(row)
    const failed = job.fails.find(
      (one) => one.answer?.ok === true && this.#answeredAt(one).end <= cut.end,
    )
    if (failed === undefined) {
      const sent = job.fails.some((one) => one.logBytes <= cut.end)
      return failures > 0 && !sent ? 'failed before it was failed' : undefined
    }
    if (job.retry === 0) return 'discarded by its failure, but here again'
    if (failures < 1) return 'LOST its failure'
    // Once it has rested, it may be anywhere.
    const rested = cut.atMs - this.#answeredAt(failed).atMs > BACKOFF_MIN_MS
    const place = job.retry < 0 ? Place.Dead : Place.Retry
    return row.state === place || (rested && job.retry > 0) ? undefined : `failed, in ${row.state}`
  }

  /** Whether an answer that did not last is older than the last instants before the cut. */
  #tooOld(sent: Sent, cutMs: number): boolean {
    const age = cutMs - this.#answeredAt(sent).atMs
    this.oldestUndoneMs = Math.max(this.oldestUndoneMs, age)
    return age > this.#undoneMostMs
  }

  /** Where the answer of a command left the server. What was there at the start left at 0. */
  #answeredAt(sent: Sent): { readonly end: number; readonly atMs: number } {
    if (sent.port === 0) return { end: 0, atMs: 0 }
    const position = this.#sentAt(sent.port, sent.answer?.endByte ?? Number.POSITIVE_INFINITY)
    if (position === undefined) throw new Error(`no send of an answer to ${sent.port} in the log`)
    return position
  }
}
