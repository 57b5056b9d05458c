import type { Change, NewJob, QueueRecord, Rule, State } from '../types.ts'

/** A job as it lies in another store. */
export interface TransferredJob extends NewJob {
  readonly state: State
  /** Epoch ms, by state. */
  readonly at: number
  /** The worker that holds it, '' unless it is reserved. */
  readonly wid: string
}

/** Takes jobs in as they are, in their order: each behind those of its place that are there. */
export const takeJobs: Rule<{ readonly jobs: readonly TransferredJob[] }, undefined> = {
  name: 'takeJobs',
  answers: 'committed',
  needs: () => ({}),
  decide: (_, { jobs }) => ({
    reply: undefined,
    changes: jobs.map(({ state, at, wid, ...job }): Change => ({
      do: 'insert',
      job,
      state,
      at,
      wid,
    })),
  }),
}

export interface TransferredRecords {
  readonly queues: readonly (readonly [name: string, record: QueueRecord])[]
  readonly notes: readonly (readonly [key: string, text: string])[]
  readonly processed: number
  readonly failures: number
}

/** Takes in what is not a job: queues with their pauses, notes, sums. */
export const takeRecords: Rule<TransferredRecords, undefined> = {
  name: 'takeRecords',
  answers: 'committed',
  needs: () => ({}),
  decide: (_, { queues, notes, processed, failures }) => ({
    reply: undefined,
    changes: [
      ...queues.map(([key, value]): Change => ({ do: 'put', kind: 'queue', key, value })),
      ...notes.map(([key, text]): Change => ({ do: 'put', kind: 'note', key, value: { text } })),
      { do: 'add', counter: 'processed', n: processed },
      { do: 'add', counter: 'failures', n: failures },
    ],
  }),
}
