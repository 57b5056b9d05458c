import type { QueueFacts } from '../../store/store.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ActionForm } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { QueueLink } from '../parts/job-cells.tsx'
import type { Page } from '../parts/layout.tsx'
import type { View } from '../view.ts'

export interface QueuesFacts {
  readonly queues: readonly QueueFacts[]
  /** Workers with a connection. */
  readonly workers: number
}

const SORTS: Readonly<Record<string, (a: QueueFacts, b: QueueFacts) => number>> = {
  name: (a, b) => a.name.localeCompare(b.name),
  waiting: (a, b) => b.size - a.size,
  oldest: (a, b) => (a.oldestAtMs ?? Infinity) - (b.oldestAtMs ?? Infinity),
}

/** Queues of one page. */
const PAGE = 200

export function queuePath(name: string): string {
  return `/queues/${encodeURIComponent(name)}`
}

/** All queues. */
export function queuesPage(view: View, { queues, workers }: QueuesFacts): Page {
  const { t } = view
  const sort = SORTS[view.query('sort')] ?? SORTS['name']
  const from = Math.max(0, Math.floor(Number(view.query('from')) || 0))
  const shown = queues.toSorted(sort).slice(from, from + PAGE)
  const more = from + PAGE < queues.length
  return {
    title: t.queues,
    current: '/queues',
    liveMs: 5000,
    children: (
      <>
        <div class="head">
          <h1>{t.queues}</h1>
          <span class="muted">{view.f.number(queues.length)}</span>
        </div>
        <section class="panel">
          {shown.length === 0 ? (
            <Empty title={t.emptyQueues} more={t.emptyQueuesMore} />
          ) : (
            <QueueTable view={view} queues={shown} workers={workers} />
          )}
          {queues.length <= PAGE ? null : (
            <nav class="pager" aria-label={t.pages}>
              <span>
                {t.rangeOf(
                  view.f.number(from + 1),
                  view.f.number(from + shown.length),
                  view.f.number(queues.length),
                )}
              </span>
              <span class="end">
                {from === 0 ? null : (
                  <a class="btn sm" rel="prev" href={view.here({ from: Math.max(0, from - PAGE) })}>
                    {t.previous}
                  </a>
                )}
                {more ? (
                  <a class="btn sm" rel="next" href={view.here({ from: from + PAGE })}>
                    {t.next}
                  </a>
                ) : null}
              </span>
            </nav>
          )}
        </section>
      </>
    ),
  }
}

export function QueueTable({
  view,
  queues,
  workers,
}: {
  view: View
  queues: readonly QueueFacts[]
  workers: number
}) {
  const { t, f } = view
  const sorted = view.path === '/queues' ? view.query('sort') || 'name' : ''
  const head = (key: string, text: string, kind?: string) => (
    <th
      scope="col"
      role="columnheader"
      class={kind}
      aria-sort={sorted === key ? (key === 'waiting' ? 'descending' : 'ascending') : undefined}
    >
      {sorted === '' ? text : <a href={view.here({ sort: key })}>{text}</a>}
    </th>
  )
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={t.queues}>
      <table class="cards" role="table" aria-label={t.queues}>
        <thead role="rowgroup">
          <tr role="row">
            {head('name', t.queue)}
            {head('waiting', t.waiting, 'num')}
            {head('oldest', t.oldest, 'num')}
            {view.mayAct ? (
              <th scope="col" role="columnheader">
                <span class="vh">{t.actions}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {queues.map((queue) => (
            <tr role="row" id={`queue-${queue.name}`}>
              <td class="lead" role="cell" data-name={t.queue}>
                <QueueLink view={view} name={queue.name} />{' '}
                <QueueState view={view} queue={queue} workers={workers} />
              </td>
              <td class="num" role="cell" data-name={t.waiting}>
                {f.number(queue.size)}
              </td>
              <td class="num" role="cell" data-name={t.oldest}>
                {queue.oldestAtMs === undefined ? '' : f.duration(view.nowMs - queue.oldestAtMs)}
              </td>
              {view.mayAct ? (
                <td class="num acts" role="cell">
                  <PauseForm view={view} queue={queue} small />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function QueueState({
  view,
  queue,
  workers,
}: {
  view: View
  queue: QueueFacts
  workers: number
}) {
  if (queue.paused) return <Badge tone="warn" text={view.t.statePaused} />
  if (queue.size > 0 && workers === 0) return <Badge tone="warn" text={view.t.stateNoWorker} />
  return null
}

export function PauseForm({
  view,
  queue,
  small = false,
}: {
  view: View
  queue: QueueFacts
  small?: boolean
}) {
  const { t } = view
  const [action, text, icon] = queue.paused
    ? (['resume', t.resume, 'play'] as const)
    : (['pause', t.pause, 'pause'] as const)
  return (
    <ActionForm view={view} action={queuePath(queue.name)} fields={{ action }} kind="inline">
      <button
        class={small ? 'btn sm' : 'btn'}
        type="submit"
        aria-label={small ? t.nameOf(text, queue.name) : undefined}
      >
        <Icon view={view} name={icon} />
        {text}
      </button>
    </ActionForm>
  )
}
