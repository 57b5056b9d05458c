import {
  recover,
  rewrite,
  State,
  withdraw,
  mutate,
  type Job,
  type Position,
  type Whereabouts,
} from '@jobmill/core'
import {
  isRefusal,
  parseRfc3339,
  readJob,
  refuse,
  formatTime,
  withChanged,
  type Refusal,
} from '@jobmill/protocol'
import { runRule, type Store } from '../../store/store.ts'
import type { Doing } from './mass.ts'

/** One deed on one job as it was seen. @returns whether it was still there */
export async function doToJob(store: Store, job: Job, doing: Doing): Promise<boolean> {
  const { state, seq, at, queue, priority } = job
  const keys = [{ seq, at }]
  switch (state) {
    case State.Queued: {
      if (doing !== 'kill' && doing !== 'delete') return false
      const cmd = doing === 'kill' ? 'kill' : 'discard'
      return (await runRule(store, withdraw, { cmd, keys: [{ queue, priority, seq }] })) > 0
    }
    case State.Reserved:
      return doing === 'recover' && (await runRule(store, recover, { keys })) > 0
    default: {
      if (doing === 'recover') return false
      const cmd = ({ retry: 'requeue', kill: 'kill', delete: 'discard' } as const)[doing]
      return (await runRule(store, mutate, { cmd, set: state, keys })) > 0
    }
  }
}

/** Waiting jobs by their places in a queue. @returns how many were still there */
export function withdrawPlaces(
  store: Store,
  queue: string,
  places: readonly Position[],
  doing: 'kill' | 'delete',
): Promise<number> {
  const keys = places.map(({ key, seq }) => ({ queue, priority: toPriority(key), seq }))
  return runRule(store, withdraw, { cmd: doing === 'kill' ? 'kill' : 'discard', keys })
}

function toPriority(key: number): Job['priority'] {
  const known = ([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).find((one) => one === key)
  return known ?? 5
}

export interface JobChange {
  readonly priority: number | undefined
  readonly queue: string | undefined
  /** RFC 3339. */
  readonly at: string | undefined
}

/**
 * Gives a job that does not run another priority, queue or time.
 * @returns why not; JOB_NOT_FOUND when it runs or has moved on
 */
export async function changeJob(
  store: Store,
  job: Job,
  change: JobChange,
): Promise<Refusal | undefined> {
  const { state } = job
  if (state === State.Reserved || state === State.Dead) return refuse('JOB_NOT_FOUND', job.jid)
  const atMs = change.at === undefined ? undefined : parseRfc3339(change.at)
  if (change.at !== undefined && atMs === undefined) return refuse('INVALID_AT', change.at)
  const members = new Map<string, string | undefined>()
  if (change.priority !== undefined) members.set('priority', String(change.priority))
  if (change.queue !== undefined) members.set('queue', JSON.stringify(change.queue))
  if (atMs !== undefined && state !== State.Retry) {
    members.set('at', JSON.stringify(formatTime(atMs)))
  }
  const text = withChanged(job.payload, members)
  const wire = readJob(JSON.parse(text), text)
  if (isRefusal(wire)) return wire
  const from: Whereabouts =
    state === State.Queued ? { ...job, state } : { state, at: job.at, seq: job.seq }
  const failure = job.extra?.failure
  return runRule(store, rewrite, { from, job: { ...wire, failure }, atMs })
}
