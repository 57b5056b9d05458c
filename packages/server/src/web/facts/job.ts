import { explain, State, type Explanation, type Job } from '@jobmill/core'
import type { Outcome } from '../../activity/outcomes.ts'
import { positionOf } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { SEARCH_MS } from './list.ts'
import { loadQueueActivity } from './queue-activity.ts'

export interface JobStory {
  /** All jobs of the jid, the newest first; most often one or none. */
  readonly jobs: readonly Job[]
  /** Of the first of them. */
  readonly why: Explanation
  /** Every waiting job was looked at. */
  readonly complete: boolean
  /** Its runs that ended, newest first, as far as is known. */
  readonly runs: readonly Outcome[]
  /** Since when runs are known, epoch ms. */
  readonly runsSinceMs: number
}

/** Everything about a jid. Throws StoreError while the store is away. */
export async function loadJob(web: Web, jid: string): Promise<JobStory> {
  const { jobs, complete } = await web.store.find(jid, SEARCH_MS)
  const newest = jobs.toSorted((a, b) => b.seq - a.seq)
  const { outcomes, sinceMs } = web.activity
  return {
    jobs: newest,
    why: await explainJob(web, newest[0]),
    complete,
    runs: outcomes.of(jid),
    runsSinceMs: outcomes.isFull ? (outcomes.sinceMs ?? sinceMs) : sinceMs,
  }
}

/** Why a job is where it is. */
export async function explainJob(web: Web, job: Job | undefined): Promise<Explanation> {
  const nowMs = web.clock.now()
  if (job === undefined) {
    return explain({ job, nowMs, paused: false, ahead: 0, workers: 0, lost: false })
  }
  const [workers, queues] = await Promise.all([
    web.store.records('worker'),
    web.store.records('queue'),
  ])
  const connected = workers.filter(([, { connections }]) => connections > 0)
  const { isForsaken } = loadQueueActivity(web, connected.length)(job.queue)
  return explain({
    job,
    nowMs,
    paused: queues.some(([name, { paused }]) => name === job.queue && paused),
    ahead: job.state === State.Queued ? await web.store.ahead(job.queue, positionOf(job)) : 0,
    workers: isForsaken ? 0 : connected.length,
    lost: web.server.isLost(job.wid),
  })
}
