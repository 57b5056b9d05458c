import {
  State,
  takeJobs,
  takeRecords,
  type Job,
  type Position,
  type TransferredJob,
} from '@jobmill/core'
import { runRule, type Place, type Stats, type Store } from './store/store.ts'

/** Jobs a commit. */
const SLICE = 500

/** What was counted on both sides. */
export type Counts = Readonly<Record<string, number>>

/**
 * Copies everything of one store into another, empty one: jobs with their places, times and order,
 * queues with their pauses, sums. Counts both sides afterwards. Rejects, with what to do, when the
 * target is not empty, when the source changes meanwhile, or when the counts differ.
 * @param moved told now and then how many jobs are over
 */
export async function transfer(
  from: Store,
  to: Store,
  moved: (jobs: number) => void = () => undefined,
): Promise<Counts> {
  const before = countsOf(await from.stats())
  const there = countsOf(await to.stats())
  if (Object.values(there).some((count) => count > 0)) {
    throw new Error(`the target is not empty (${list(there)}): name an empty one`)
  }
  await runRule(to, takeRecords, await recordsOf(from))
  let jobs = 0
  for (const place of await placesOf(from)) {
    for await (const slice of slices(from, place)) {
      await runRule(to, takeJobs, { jobs: slice.map(asTransferred) })
      jobs += slice.length
      moved(jobs)
    }
  }
  const after = countsOf(await from.stats())
  if (list(before) !== list(after)) {
    throw new Error(
      'the source changed while it was read: stop all servers on it, empty the target, try again',
    )
  }
  const copied = countsOf(await to.stats())
  if (list(copied) !== list(before)) {
    throw new Error(
      `the counts differ: ${list(before)} in the source, ${list(copied)} in the target`,
    )
  }
  return copied
}

async function recordsOf(store: Store) {
  const [queues, notes, { processed, failures }] = await Promise.all([
    store.records('queue'),
    store.records('note'),
    store.stats(),
  ])
  return {
    // What a mark removes is not copied, so neither is the mark.
    queues: queues.map(([name, record]) => [name, { ...record, removedTo: 0 }] as const),
    notes: notes.map(([key, { text }]) => [key, text] as const),
    processed,
    failures,
  }
}

async function placesOf(store: Store): Promise<Place[]> {
  const { queues } = await store.stats()
  return [
    ...[...queues.keys()].map((queue): Place => ({ state: State.Queued, queue })),
    { state: State.Reserved },
    { state: State.Scheduled },
    { state: State.Retry },
    { state: State.Dead },
  ]
}

async function* slices(store: Store, place: Place): AsyncGenerator<readonly Job[]> {
  let after: Position | undefined
  for (;;) {
    const page = await store.list({
      place,
      reversed: false,
      ...(after === undefined ? {} : { after }),
      limit: SLICE,
      budgetMs: Infinity,
    })
    if (page.jobs.length > 0) yield page.jobs
    if (page.next === undefined) return
    after = page.next
  }
}

const asTransferred = (job: Job): TransferredJob => ({
  jid: job.jid,
  queue: job.queue,
  priority: job.priority,
  payload: job.payload,
  extra: job.extra,
  state: job.state,
  at: job.at,
  wid: job.wid,
})

function countsOf({
  queues,
  scheduled,
  retries,
  dead,
  working,
  processed,
  failures,
}: Stats): Counts {
  const waiting = Object.fromEntries(
    [...queues].sort().map(([name, size]) => [`queue ${name}`, size]),
  )
  return { scheduled, retries, dead, working, processed, failures, ...waiting }
}

const list = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
