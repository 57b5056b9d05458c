import { isJob, type Extra, type Job, type Lane, State } from '@jobmill/core'
import type { GroupCommit } from './group-commit.ts'
import type { ReadJob } from './messages.ts'
import type { Storage } from './storage.ts'

/** What one read may bring, in characters of payload: it has to pass the event loop in one piece. */
const READ_BYTES = 8 * 1024 * 1024

/** Brings the next cold jobs of lanes into memory, in order, from the disk or on their way to it. */
export class Warmer {
  readonly #storage: Storage
  readonly #commits: GroupCommit
  readonly #warmed: (lane: Lane, jobs: readonly Job[]) => void

  constructor(
    storage: Storage,
    commits: GroupCommit,
    warmed: (lane: Lane, jobs: readonly Job[]) => void,
  ) {
    this.#storage = storage
    this.#commits = commits
    this.#warmed = warmed
  }

  /** Calls `warmed` with at most `limit` jobs of the lane, never within this call. */
  want(lane: Lane, limit: number): void {
    // The decision that asked may still be reading: let it end first.
    queueMicrotask(() => this.#bring(lane, limit))
  }

  #bring(lane: Lane, limit: number): void {
    const seqs = lane.nextCold(limit)
    const ready: Job[] = []
    const onDisk: number[] = []
    for (const seq of seqs) {
      const entry = this.#commits.dirty(seq)
      if (entry === undefined) {
        if (ready.length > 0) break
        onDisk.push(seq)
      } else if (isJob(entry)) {
        if (onDisk.length > 0) break
        ready.push(entry)
      } else {
        // Only its place changed, so the payload is on disk under another seq until the commit.
        break
      }
    }
    if (ready.length > 0 || seqs.length === 0) {
      this.#warmed(lane, ready)
    } else if (onDisk.length > 0) {
      this.#storage.read(onDisk, READ_BYTES, (jobs) => this.#warmed(lane, (jobs ?? []).map(toJob)))
    } else {
      this.#commits.afterCommit(() => this.#bring(lane, limit))
    }
  }
}

/** A waiting job as memory holds it. */
export function toJob(row: ReadJob): Job {
  return {
    seq: row.seq,
    queue: row.queue,
    priority: row.priority,
    state: State.Queued,
    at: row.at,
    jid: row.jid,
    wid: '',
    payload: row.payload,
    extra: readExtra(row),
  }
}

/** Written by this engine; a text that is no JSON costs the job its retry settings, not the server. */
export function readExtra(row: ReadJob): Extra | null {
  if (row.extra === null) return null
  try {
    return JSON.parse(row.extra) as Extra
  } catch {
    return null
  }
}
