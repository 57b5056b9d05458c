import { State, type Explanation, type Job } from '@jobmill/core'
import { formatTime, LIMITS } from '@jobmill/protocol'
import { memberOf } from '../../filter/fits.ts'
import type { Hiding } from '../../filter/values.ts'
import type { Outcome } from '../../activity/outcomes.ts'
import type { QueueFacts } from '../../store/store.ts'
import type { MassAction } from '../actions/mass.ts'
import type { Need, Overview } from '../facts/overview.ts'
import type { QueueActivity } from '../facts/queue-activity.ts'
import { STATE_NAMES } from '../facts/places.ts'
import type { WorkerFacts } from '../facts/workers.ts'

/** JSON text that goes into an answer as it is: numbers in args never pass through JavaScript. */
class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | boolean | null | undefined | Raw | readonly Value[] | ValueObject
export interface ValueObject {
  readonly [name: string]: Value
}

/** JSON of a value; undefined members are left out. */
export function write(value: Value): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(write).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value as ValueObject)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`)
  return `{${members.join(',')}}`
}

const raw = (text: string | undefined): Raw | undefined =>
  text === undefined ? undefined : new Raw(text)

/** Of a state: what `at` means there. */
const TIMES: Readonly<Record<State, string>> = {
  [State.Queued]: 'enqueued_at',
  [State.Reserved]: 'reserved_until',
  [State.Scheduled]: 'due_at',
  [State.Retry]: 'due_at',
  [State.Dead]: 'died_at',
}

/** A job as the API shows it, what is hidden hidden. */
export function jobJson(job: Job, hiding: Hiding): ValueObject {
  const { payload, extra } = job
  const failure = extra?.failure
  const shown = (name: 'args' | 'custom'): Raw | undefined => {
    const text = memberOf(payload, name)
    return raw(text === undefined ? undefined : hiding.apply(text, name).text)
  }
  return {
    jid: job.jid,
    jobtype: raw(memberOf(payload, 'jobtype')),
    state: STATE_NAMES[job.state],
    queue: job.queue,
    priority: job.priority,
    [TIMES[job.state]]: formatTime(job.at),
    worker: job.state === State.Reserved ? job.wid : undefined,
    created_at: raw(memberOf(payload, 'created_at')),
    retry: extra?.retry ?? LIMITS.retryDefault,
    reserve_for: extra?.reserveForS ?? LIMITS.reserveForSDefault,
    args: shown('args'),
    custom: shown('custom'),
    failure:
      failure === undefined
        ? undefined
        : {
            failed_at: failure.failedAt,
            errtype: failure.errtype,
            message: failure.message,
            backtrace: failure.backtrace,
            tries: failure.retryCount + 1,
          },
    size: Buffer.byteLength(payload),
  }
}

/** Why a job is where it is: a code of a closed list, and a sentence. */
export function whyJson(why: Explanation): ValueObject {
  const time = (ms: number): string => formatTime(ms)
  switch (why.code) {
    case 'paused':
      return { code: why.code, text: `waits in ${why.queue}, which is paused` }
    case 'no_worker':
      return { code: why.code, text: `waits in ${why.queue}, and no worker fetches from it` }
    case 'behind':
      return {
        code: why.code,
        text: `waits in ${why.queue} behind ${why.ahead} jobs`,
        ahead: why.ahead,
      }
    case 'scheduled':
      return { code: why.code, text: `planned for ${time(why.atMs)}` }
    case 'retrying':
      return {
        code: why.code,
        text: `try ${why.tries} failed with ${why.error}; the next is planned for ${time(why.atMs)}`,
        tries: why.tries,
        tries_left: why.left,
      }
    case 'running':
      return {
        code: why.code,
        text: why.orphaned
          ? `held by ${why.wid}, which is gone, until ${time(why.untilMs)}`
          : `runs on ${why.wid || 'a worker without a wid'}, reserved until ${time(why.untilMs)}`,
        orphaned: why.orphaned,
      }
    case 'dead':
      return {
        code: why.code,
        text: `given up after ${why.tries} tries; deleted on ${time(why.deletedMs)}`,
      }
    case 'unknown':
      return { code: why.code, text: 'no trace of this jid: never pushed here, or finished' }
  }
}

/** A run that ended. */
export const runJson = (run: Outcome): ValueObject => ({
  result: run.result === 'done' ? 'success' : run.result,
  worker: run.wid,
  fetched_at: formatTime(run.fetchedAtMs),
  ended_at: formatTime(run.endedAtMs),
  ran_s: (run.endedAtMs - run.fetchedAtMs) / 1000,
})

/** Why a job is nowhere, from its last run. */
export function goneJson(last: Outcome | undefined): ValueObject | undefined {
  if (last?.result !== 'done' && last?.result !== 'discarded') return undefined
  const at = formatTime(last.endedAtMs)
  return last.result === 'done'
    ? { code: 'done', text: `succeeded at ${at}, ran ${last.endedAtMs - last.fetchedAtMs} ms` }
    : { code: 'discarded', text: `failed at ${at} and was discarded: it had no retries` }
}

export function queueJson(queue: QueueFacts, nowMs: number, activity: QueueActivity): ValueObject {
  const { wait, inPerS, outPerS, workers, lastFetchMs } = activity
  const share = (of: number): number | null => {
    const ms = wait.percentile(of)
    return ms === undefined ? null : ms / 1000
  }
  const { name, paused, size, oldestAtMs } = queue
  return {
    name,
    paused,
    waiting: size,
    oldest_s: oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs) / 1000,
    in_per_s: inPerS,
    out_per_s: outPerS,
    wait_p50_s: share(0.5),
    wait_p95_s: share(0.95),
    wait_p99_s: share(0.99),
    workers,
    last_fetch_at: lastFetchMs === undefined ? null : formatTime(lastFetchMs),
    by_priority: Object.fromEntries(
      queue.byPriority.flatMap((count, priority) => (count > 0 ? [[String(priority), count]] : [])),
    ),
  }
}

export function workerJson(worker: WorkerFacts): ValueObject {
  return {
    wid: worker.wid,
    hostname: worker.hostname,
    pid: worker.pid,
    labels: worker.labels,
    address: worker.address,
    state: worker.state,
    busy: worker.busy,
    connections: worker.connections,
    started_at: formatTime(worker.startedAtMs),
    beat_at: worker.beats ? formatTime(worker.beatAtMs) : null,
    rss_kb: worker.rssKb,
  }
}

export function actionJson(action: MassAction): ValueObject {
  const { id, doing, place, q, by, startedAtMs, total, done, moved, state, failure } = action
  return {
    id,
    do: doing,
    set: STATE_NAMES[place.state],
    queue: place.state === State.Queued ? place.queue : undefined,
    q,
    by,
    started_at: formatTime(startedAtMs),
    state,
    total,
    done,
    moved_on: moved,
    failure: failure === '' ? undefined : failure,
  }
}

function needJson(need: Need): ValueObject {
  const { what, ...rest } = need
  const members = Object.entries(rest).map(([name, value]) => [snake(name), value] as const)
  return { code: what.replaceAll('-', '_'), ...Object.fromEntries(members) }
}

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export function overviewJson(overview: Overview): ValueObject {
  const { stats, queues, workers, needs, oldestMs, history, rates, errors } = overview
  const seconds = (share: number): number | null => {
    const ms = history.total.wait.percentile(share)
    return ms === undefined ? null : ms / 1000
  }
  return {
    processed: stats.processed,
    failures: stats.failures,
    waiting: queues.reduce((sum, { size }) => sum + size, 0),
    running: stats.working,
    scheduled: stats.scheduled,
    retries: stats.retries,
    dead: stats.dead,
    workers,
    oldest_s: (oldestMs ?? 0) / 1000,
    range: history.range.key,
    pushed_in_range: history.total.pushed,
    done_in_range: history.total.done,
    failed_in_range: history.total.failed,
    in_per_s: rates.all.entered / rates.seconds,
    done_per_s: rates.all.done / rates.seconds,
    wait_p95_s: seconds(0.95),
    wait_p99_s: seconds(0.99),
    errors: errors.map(({ group, count }) => ({
      id: group.id,
      jobtype: group.jobtype,
      errtype: group.errtype,
      message: group.print,
      count,
    })),
    needs: needs.map(needJson),
  }
}
