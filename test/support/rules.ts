import {
  fetch,
  isJob,
  Memory,
  State,
  type Change,
  type Entry,
  type EntryKey,
  type FetchReply,
  type Job,
  type Journal,
  type Lane,
  type Rule,
  type Seq,
  type TimedState,
} from '../../packages/core/src/index.ts'
import type { WireJob } from '../../packages/protocol/src/index.ts'

/** A disk without a file: the rows that the journal tells of, as an engine would write them. */
export class Rows implements Journal {
  readonly rows = new Map<Seq, Job>()
  readonly wantedLanes: Lane[] = []
  /** The earliest time that anything falls due, since the start. */
  soonestMs = Infinity

  inserted(entry: Entry): void {
    if (!isJob(entry)) throw new Error(`job ${entry.seq} came without its payload`)
    this.rows.set(entry.seq, { ...entry })
  }

  moved(entry: Entry, before: Seq, withExtra: boolean): void {
    const row = this.rows.get(before)
    if (row === undefined) throw new Error(`job ${before} moved, but has no row`)
    this.rows.delete(before)
    const wid = isJob(entry) && entry.state === State.Reserved ? entry.wid : ''
    const extra = withExtra && isJob(entry) ? entry.extra : row.extra
    this.rows.set(entry.seq, {
      ...row,
      seq: entry.seq,
      state: entry.state,
      at: entry.at,
      wid,
      extra,
    })
  }

  dropped(seq: Seq): void {
    if (!this.rows.delete(seq)) throw new Error(`job ${seq} was dropped, but has no row`)
  }

  flushed(): void {
    this.rows.clear()
  }

  timed(atMs: number): void {
    this.soonestMs = Math.min(this.soonestMs, atMs)
  }

  wanted(lane: Lane): void {
    this.wantedLanes.push(lane)
  }

  put(): void {}
  deleted(): void {}
  counted(): void {}
}

/** Plays rules on one memory, at a time and with a chance that the test sets. */
export class Bench {
  readonly disk = new Rows()
  readonly memory: Memory
  /** Epoch ms. */
  ms = 1_700_000_000_000
  random = 0

  /** @param budgetBytes small: most waiting jobs are cold, and come from the disk by `bring` */
  constructor(budgetBytes = 64 * 1024 * 1024) {
    this.memory = new Memory(this.disk, budgetBytes)
  }

  /** What a rule would do now. */
  decide<I, R>(rule: Rule<I, R>, input: I): { reply: R; changes: readonly Change[] } {
    this.memory.now = this.ms
    this.memory.random = this.random
    return rule.decide(this.memory, input)
  }

  run<I, R>(rule: Rule<I, R>, input: I): R {
    const { reply, changes } = this.decide(rule, input)
    this.memory.apply(changes)
    return reply
  }

  /** A job, as a FETCH gets it that waits for what is on its way from the disk. */
  fetch(queues: readonly string[], wid = ''): FetchReply {
    const reply = this.run(fetch, { queues, wid })
    if (reply !== 'empty' || this.disk.wantedLanes.length === 0) return reply
    this.bring()
    return this.run(fetch, { queues, wid })
  }

  /** Gives lanes the cold jobs that they asked for, at most `limit` each. */
  bring(limit = Infinity): void {
    for (const lane of this.disk.wantedLanes.splice(0)) {
      const seqs = lane.nextCold(Math.min(limit, this.memory.warmLimit()))
      const jobs = seqs.map((seq) => this.disk.rows.get(seq)).filter((job) => job !== undefined)
      this.memory.warmed(
        lane,
        jobs.map((job) => ({ ...job })),
      )
    }
  }

  /** All of a set, in the order in which a MUTATE goes through it. */
  keysOf(set: TimedState): EntryKey[] {
    const { seq, at } = this.memory.timed(set)
    const keys = [...seq].map((each, i) => ({ seq: each, at: at[i] ?? 0 }))
    return keys.sort((a, b) => a.seq - b.seq)
  }

  /** The one row of a jid; throws when there is none, or more. */
  row(jid: string): Job {
    const rows = [...this.disk.rows.values()].filter((job) => job.jid === jid)
    const [row] = rows
    if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows of ${jid}`)
    return row
  }
}

/** Whose job was fetched; undefined when there was none. */
export const jidOf = (reply: FetchReply): string | undefined =>
  typeof reply === 'object' ? (JSON.parse(reply.payload) as { jid: string }).jid : undefined

/** A pushed job as the protocol gives it to the rules. */
export function wireJob(job: Partial<WireJob> = {}): WireJob {
  const jid = job.jid ?? 'job-00000001'
  return {
    jid,
    jobtype: 'T',
    hasArgs: true,
    queue: '',
    priority: undefined,
    retry: undefined,
    at: '',
    reserveFor: 0,
    createdAt: '2026-01-01T00:00:00Z',
    failure: undefined,
    text: JSON.stringify({ jid, jobtype: 'T', args: [1] }),
    ...job,
  }
}
