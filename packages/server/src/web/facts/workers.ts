import type { WorkerRecord } from '@jobmill/core'
import type { Web } from '../context.ts'

export interface WorkerFacts extends WorkerRecord {
  readonly wid: string
  /** Jobs it holds. */
  readonly busy: number
}

/** Silent for so long is worth a word; at 60 s a worker is forgotten. */
export const SILENT_MS = 30_000

/** Workers with an open connection, by host and wid. */
export async function loadWorkers({ store }: Web): Promise<WorkerFacts[]> {
  const [records, held] = await Promise.all([store.records('worker'), store.held()])
  return records
    .filter(([, { connections }]) => connections > 0)
    .map(([wid, record]) => ({ ...record, wid, busy: held.get(wid) ?? 0 }))
    .sort((a, b) => a.hostname.localeCompare(b.hostname) || a.wid.localeCompare(b.wid))
}

/** How many jobs are held by workers that are gone. */
export async function countOrphans({ store, server }: Web): Promise<number> {
  let orphans = 0
  for (const [wid, count] of await store.held()) if (server.isLost(wid)) orphans += count
  return orphans
}
