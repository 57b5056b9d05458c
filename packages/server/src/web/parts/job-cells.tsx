import type { Job } from '@jobmill/core'
import { jobtypeOf, memberOf } from '../../filter/fits.ts'
import { Hiding } from '../../filter/values.ts'
import type { View } from '../view.ts'
import { visible } from './json.tsx'

/** Characters of arguments in a list. */
const ARGS_MAX = 200

export const jobPath = (jid: string): string => `/jobs/${encodeURIComponent(jid)}`

/** A job's type as people know it; '?' when its payload cannot be read. */
export function typeOf(job: Job): string {
  try {
    return activeJobType(job) ?? jobtypeOf(job)
  } catch {
    return '?'
  }
}

const ACTIVE_JOB = 'ActiveJob::QueueAdapters::FaktoryAdapter::JobWrapper'

/** ActiveJob wraps every job in one class; the wrapped name is what its people know. */
function activeJobType(job: Job): string | undefined {
  if (jobtypeOf(job) !== ACTIVE_JOB) return undefined
  const { custom } = JSON.parse(job.payload) as { custom?: { wrapped?: unknown } }
  return typeof custom?.wrapped === 'string' ? custom.wrapped : undefined
}

export function JobCell({ view, job }: { view: View; job: Job }) {
  return (
    <span class="two-line">
      <a class="strong" href={view.href(jobPath(job.jid))}>
        {visible(typeOf(job))}
      </a>
      <span class="mono">{visible(job.jid)}</span>
    </span>
  )
}

export function ErrorCell({ job }: { job: Job }) {
  const failure = job.extra?.failure
  if (failure === undefined) return null
  return (
    <span class="two-line">
      <span>{visible(failure.errtype ?? '')}</span>
      <span>{visible((failure.message ?? '').slice(0, ARGS_MAX))}</span>
    </span>
  )
}

/** Arguments on one line, what is hidden hidden, cut. */
export function ArgsCell({ job, hiding }: { job: Job; hiding: Hiding }) {
  const { text } = hiding.apply(memberOf(job.payload, 'args') ?? '[]', 'args', ARGS_MAX + 1)
  const line = visible(text.slice(0, ARGS_MAX + 1))
  return <span class="args">{line.length > ARGS_MAX ? `${line.slice(0, ARGS_MAX)}…` : line}</span>
}

export function QueueLink({ view, name }: { view: View; name: string }) {
  return <a href={view.href(`/queues/${encodeURIComponent(name)}`)}>{name}</a>
}

export function TriesCell({ view, job }: { view: View; job: Job }) {
  const failure = job.extra?.failure
  const all = Math.max(0, job.extra?.retry ?? 25) + 1
  const used = failure === undefined ? 0 : failure.retryCount + 1
  return <>{view.t.triesOf(view.f.number(used), view.f.number(all))}</>
}
