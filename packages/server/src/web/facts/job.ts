import { explain, State, type Explanation, type Job } from '@jobmill/core'
import { positionOf } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { SEARCH_MS } from './list.ts'

export interface JobStory {
  /** All jobs of the jid, the newest first; most often one or none. */
  readonly jobs: readonly Job[]
  /** Of the first of them. */
  readonly why: Explanation
  /** Every waiting job was looked at. */
  readonly complete: boolean
}

/** Everything about a jid. Throws StoreError while the store is away. */
export async function loadJob(web: Web, jid: string): Promise<JobStory> {
  const { jobs, complete } = await web.store.find(jid, SEARCH_MS)
  const newest = jobs.toSorted((a, b) => b.seq - a.seq)
  return { jobs: newest, why: await explainJob(web, newest[0]), complete }
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
  return explain({
    job,
    nowMs,
    paused: queues.some(([name, { paused }]) => name === job.queue && paused),
    ahead: job.state === State.Queued ? await web.store.ahead(job.queue, positionOf(job)) : 0,
    workers: connected.length,
    lost: web.server.isLost(job.wid),
  })
}
