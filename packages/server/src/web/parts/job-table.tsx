import { State, type Job } from '@jobmill/core'
import { LIMITS } from '@jobmill/protocol'
import type { Child } from 'hono/jsx'
import type { Hiding } from '../../filter/values.ts'
import { positionOf } from '../../store/store.ts'
import { writeCursor } from '../facts/places.ts'
import type { Text } from '../text/en.ts'
import type { View } from '../view.ts'
import { Badge } from './badge.tsx'
import { ArgsCell, ErrorCell, JobCell, QueueLink, TriesCell } from './job-cells.tsx'
import { visible } from './json.tsx'
import { When } from './time.tsx'

interface Cell {
  readonly view: View
  readonly job: Job
  readonly hiding: Hiding
}

interface Column {
  readonly name: keyof Text
  readonly kind?: string
  cell(facts: Cell): Child
}

const JOB: Column = { name: 'job', kind: 'clip', cell: (facts) => <JobCell {...facts} /> }
const ERROR: Column = { name: 'error', kind: 'clip', cell: (facts) => <ErrorCell {...facts} /> }
const ARGS: Column = { name: 'args', kind: 'clip opt', cell: (facts) => <ArgsCell {...facts} /> }
const QUEUE: Column = {
  name: 'queue',
  cell: ({ view, job }) => <QueueLink view={view} name={job.queue} />,
}
const PRIORITY: Column = {
  name: 'priority',
  kind: 'num opt',
  cell: ({ view, job }) => view.f.number(job.priority),
}
const TRIES: Column = { name: 'tries', kind: 'num', cell: (facts) => <TriesCell {...facts} /> }
const at = (name: keyof Text, shift = 0, kind = 'num'): Column => ({
  name,
  kind,
  cell: ({ view, job }) => <When view={view} ms={job.at + shift} />,
})

/** What the list of each place shows. */
const COLUMNS: Readonly<Record<State, readonly Column[]>> = {
  [State.Queued]: [JOB, PRIORITY, ARGS, at('waitingFor')],
  [State.Reserved]: [
    JOB,
    { name: 'worker', cell: ({ view, job }) => <WorkerLink view={view} wid={job.wid} /> },
    QUEUE,
    ARGS,
    at('reservedFor'),
  ],
  [State.Scheduled]: [JOB, ARGS, QUEUE, PRIORITY, at('due')],
  [State.Retry]: [JOB, ERROR, ARGS, QUEUE, TRIES, at('nextTry')],
  [State.Dead]: [
    JOB,
    ERROR,
    ARGS,
    QUEUE,
    TRIES,
    at('died'),
    at('leavesIn', LIMITS.deadMs, 'num opt2'),
  ],
}

export function WorkerLink({ view, wid }: { view: View; wid: string }) {
  if (wid === '') return <span class="muted">?</span>
  return (
    <>
      <a href={view.href(`/workers/${encodeURIComponent(wid)}`)}>{visible(wid)}</a>
      {view.isLost(wid) ? (
        <>
          {' '}
          <Badge tone="bad" text={view.t.stateOrphaned} />
        </>
      ) : null}
    </>
  )
}

/**
 * A list of jobs. @param tick the rows can be chosen: by jid in the sets, by place in a queue, where
 * looking a jid up would mean a look at every job
 */
export function JobTable({
  view,
  state,
  jobs,
  hiding,
  tick,
  label,
}: {
  view: View
  state: State
  jobs: readonly Job[]
  hiding: Hiding
  tick: boolean
  label: string
}) {
  const columns = COLUMNS[state]
  const { t } = view
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={label}>
      <table class="cards" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {tick ? (
              <th class="check" scope="col" role="columnheader">
                <input type="checkbox" data-check-all aria-label={t.choosePage} />
              </th>
            ) : null}
            {columns.map(({ name, kind }) => (
              <th class={kind} scope="col" role="columnheader">
                {String(t[name])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" data-still>
          {jobs.map((job) => (
            <tr role="row" id={`job-${job.seq}`} data-jid={job.jid}>
              {tick ? (
                <td class="check" role="cell">
                  <input
                    type="checkbox"
                    name={state === State.Queued ? 'job' : 'jid'}
                    value={state === State.Queued ? writeCursor(positionOf(job)) : job.jid}
                    aria-label={t.chooseJob(job.jid)}
                  />
                </td>
              ) : null}
              {columns.map(({ name, kind, cell }) => (
                <td class={kind} role="cell" data-name={String(t[name])}>
                  {cell({ view, job, hiding })}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
