import type { Reply } from '../support/fwp.ts'

/** One command as its client saw it. Times are those of `monotonicMs()`. */
export interface Sent {
  /** Which start of the server its connection belonged to, from 1. */
  readonly life: number
  readonly sentAtMs: number
  /** Length of the recorder's log when it was sent; 0 where nothing is recorded. */
  readonly logBytes: number
  /** The client's port, which names the connection in the recorder's log. */
  readonly port: number
  /** Absent until there is one, and for ever when the connection was lost. */
  answer?: Answer
}

export interface Answer {
  readonly atMs: number
  /** Bytes that the connection had received with this answer. */
  readonly endByte: number
  /** The server did it. */
  readonly ok: boolean
  readonly text: string
}

/** A job and all that its clients did with it, in order of time. */
export interface TrackedJob {
  readonly jid: string
  readonly queue: string
  /** The text of `args`, which must come back as it is. */
  readonly args: string
  /** 25, 0 (a failure discards it) or -1 (a failure kills it). */
  readonly retry: number
  /** Epoch ms before which it must not run; 0 for at once. */
  readonly atMs: number
  readonly push: Sent
  /** FETCHes that answered with this job. */
  readonly handouts: Sent[]
  readonly acks: Sent[]
  readonly fails: Sent[]
}

/** From a start of the server to its end. */
export interface Life {
  /** When it was killed; Infinity after a clean stop, which makes everything durable. */
  killedAtMs: number
  /**
   * When the last command was sent that is answered only after its commit (PUSH, FAIL) and was
   * answered. All that was answered before this moment came into that commit or an earlier one.
   */
  committedMs: number
  /** The longest wait for such an answer: how long a commit took, with the one before it. */
  slowestCommitMs: number
}

/** Everything that the clients of one run know. */
export class Ledger {
  readonly jobs = new Map<string, TrackedJob>()
  readonly lives: Life[] = []
  /** What was wrong at sight. The rest is found at the end, by the verdict. */
  readonly violations: string[] = []
  /** Commands that are answered after their commit, answered. */
  readonly committed: Sent[] = []
  /** Pushed and answered, but not finished: about what the server holds. */
  backlog = 0

  /** The number of the current life; 0 before the first. */
  get life(): number {
    return this.lives.length
  }

  beginLife(): void {
    this.lives.push({ killedAtMs: Number.POSITIVE_INFINITY, committedMs: 0, slowestCommitMs: 0 })
  }

  lifeOf(sent: Sent): Life {
    const life = this.lives[sent.life - 1]
    if (life === undefined) throw new RangeError(`no life ${sent.life}`)
    return life
  }

  /** Notes the answer of a command. @param ok decides by the reply whether it was done */
  answered(sent: Sent, reply: Reply, ok: (reply: Reply) => boolean): boolean {
    if (reply.kind === 'lost') return false
    const text = reply.text ?? ''
    sent.answer = { atMs: reply.atMs, endByte: reply.endByte, ok: ok(reply), text }
    return sent.answer.ok
  }

  /** Notes that a command was done that is answered only after its commit. */
  noteCommitted(sent: Sent): void {
    if (sent.answer?.ok !== true) return
    this.committed.push(sent)
    const life = this.lifeOf(sent)
    life.committedMs = Math.max(life.committedMs, sent.sentAtMs)
    life.slowestCommitMs = Math.max(life.slowestCommitMs, sent.answer.atMs - sent.sentAtMs)
  }

  /** Notes a job that FETCH answered with, and looks whether it is the one that was pushed. */
  handedOut(sent: Sent, payload: string): TrackedJob | undefined {
    const { jid } = JSON.parse(payload) as { jid: string }
    const job = this.jobs.get(jid)
    if (job === undefined) {
      this.violations.push(`${jid}: handed out, but nobody pushed it`)
      return undefined
    }
    if (!payload.includes(`"args":${job.args}`)) {
      this.violations.push(`${jid}: args came back as ${payload.slice(0, 300)}`)
    }
    if (job.atMs > Date.now()) {
      this.violations.push(`${jid}: handed out ${job.atMs - Date.now()} ms before its time`)
    }
    job.handouts.push(sent)
    return job
  }
}
