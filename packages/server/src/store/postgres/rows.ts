import type { Entry, Extra, Job, Priority, State } from '@jobmill/core'

/** What the jobs' table holds of an entry: written by `write.ts` alone, from checked values. */
export interface EntryRow {
  readonly seq: number
  readonly queue: string
  readonly priority: number
  readonly state: number
  readonly at: number
}

export interface JobRow extends EntryRow {
  readonly jid: string
  readonly wid: string
  readonly extra: Extra | null
  /** Absent where the statement leaves it out. */
  readonly payload?: string
}

export const entryOf = ({ seq, queue, priority, state, at }: EntryRow): Entry => ({
  seq,
  queue,
  priority: priority as Priority,
  state: state as State,
  at,
})

export const jobOf = (row: JobRow): Job => ({
  ...entryOf(row),
  jid: row.jid,
  wid: row.wid,
  payload: row.payload ?? '',
  extra: row.extra,
})
