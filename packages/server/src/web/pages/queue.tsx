import { State } from '@jobmill/core'
import { FilterError } from '../../filter/parse.ts'
import { Hiding } from '../../filter/values.ts'
import type { QueueFacts } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { limitOf, loadList, type ListPage } from '../facts/list.ts'
import {
  loadQueueActivity,
  usualWaitMs,
  waitingSpark,
  type QueueActivity,
} from '../facts/queue-activity.ts'
import { loadWorkers } from '../facts/workers.ts'
import { Empty } from '../parts/empty.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { ActionForm, NoDefault } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { JobTable } from '../parts/job-table.tsx'
import type { Page } from '../parts/layout.tsx'
import { Pager } from '../parts/pager.tsx'
import { Pace, QueueFigures } from '../parts/queue-pace.tsx'
import type { View } from '../view.ts'
import { PauseForm, queuePath, QueueState } from './queues.tsx'

interface QueuePageFacts {
  readonly queue: QueueFacts
  readonly activity: QueueActivity
  readonly usualMs: number | undefined
  readonly spark: readonly (number | undefined)[]
  readonly page: ListPage | undefined
  readonly wrong: string | undefined
  readonly hiding: Hiding
}

/** @returns undefined when there is no such queue */
export async function loadQueue(
  web: Web,
  view: View,
  name: string,
): Promise<QueuePageFacts | undefined> {
  const [queues, workers] = await Promise.all([web.store.queues(), loadWorkers(web)])
  const queue = queues.find((one) => one.name === name)
  if (queue === undefined) return undefined
  const facts = {
    queue,
    activity: loadQueueActivity(web, workers.length)(name),
    usualMs: usualWaitMs(web, name),
    spark: waitingSpark(web, name),
    hiding: new Hiding(web.settings().hide),
  }
  try {
    const page = await loadList(web, {
      place: { state: State.Queued, queue: name },
      q: view.query('q'),
      after: view.query('after'),
      before: view.query('before'),
      limit: limitOf(view.query('limit')),
      reversed: false,
    })
    return { ...facts, page, wrong: undefined }
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return { ...facts, page: undefined, wrong: error.message }
  }
}

/** One queue: what waits in it, in the order in which it is fetched. */
export function queuePage(view: View, facts: QueuePageFacts): Page {
  const { queue, activity, page, wrong } = facts
  const { t } = view
  return {
    title: queue.name,
    current: '/queues',
    liveMs: 5000,
    children: (
      <>
        <nav class="crumb" aria-label={t.queues}>
          <a href={view.href('/queues')}>{t.queues}</a>
          <span aria-hidden="true">/</span>
        </nav>
        <div class="head">
          <h1>{queue.name}</h1>
          <QueueState view={view} queue={queue} isForsaken={activity.isForsaken} />
          {view.mayAct ? (
            <span class="end">
              <PauseForm view={view} queue={queue} />
              {queue.size === 0 ? null : (
                <a
                  class="btn danger"
                  href={view.href('/actions/new', {
                    set: 'waiting',
                    queue: queue.name,
                    do: 'clear',
                  })}
                >
                  {t.clear}
                </a>
              )}
            </span>
          ) : null}
        </div>
        <Pace view={view} queue={queue} activity={activity} />
        <QueueFigures view={view} facts={facts} />
        <PriorityChips view={view} queue={queue} />
        <FilterBar view={view} wrong={wrong} />
        {page === undefined ? null : <Waiting view={view} facts={facts} page={page} />}
      </>
    ),
  }
}

function PriorityChips({ view, queue }: { view: View; queue: QueueFacts }) {
  const used = queue.byPriority
    .map((count, priority) => ({ count, priority }))
    .filter(({ count }) => count > 0)
    .reverse()
  if (used.length < 2) return null
  return (
    <p class="chips">
      <span class="muted">{view.t.priority}</span>
      {used.map(({ count, priority }) => (
        <a class="chip" href={view.here({ q: `priority:${priority}`, after: undefined })}>
          <b>{priority}</b>
          <span class="n">{view.f.number(count)}</span>
        </a>
      ))}
    </p>
  )
}

function Waiting({
  view,
  facts: { queue, hiding },
  page,
}: {
  view: View
  facts: QueuePageFacts
  page: ListPage
}) {
  const { t } = view
  if (page.jobs.length === 0 && page.next === undefined) {
    return (
      <section class="panel">
        {page.filter.parts.length > 0 ? (
          <Empty title={t.emptyFound} more={t.emptyFoundMore} />
        ) : (
          <Empty title={t.emptyQueue} />
        )}
      </section>
    )
  }
  const table = (
    <>
      <JobTable
        view={view}
        state={State.Queued}
        jobs={page.jobs}
        hiding={hiding}
        tick={view.mayAct}
        label={t.waiting}
      />
      {view.mayAct ? <SelectionBar view={view} queue={queue.name} /> : null}
      <Pager view={view} page={page} />
    </>
  )
  return (
    <section class="panel">
      {view.mayAct ? (
        <ActionForm view={view} action={queuePath(queue.name)}>
          <NoDefault />
          {table}
        </ActionForm>
      ) : (
        table
      )}
    </section>
  )
}

function SelectionBar({ view, queue }: { view: View; queue: string }) {
  const { t } = view
  const query = { set: 'waiting', queue, q: view.query('q'), up: view.stats?.lastSeq }
  const deeds = [
    ['kill', t.kill],
    ['delete', t.delete],
  ] as const
  return (
    <div class="selbar" role="group" aria-label={t.withChosen}>
      <span data-sel-text={t.chosen('{n}')} aria-live="polite"></span>
      {deeds.map(([deed, text]) => (
        <button
          class={deed === 'delete' ? 'btn danger' : 'btn'}
          type="submit"
          name="action"
          value={deed === 'delete' ? 'discard' : deed}
        >
          <Icon view={view} name={deed === 'delete' ? 'trash' : 'kill'} />
          {text}
        </button>
      ))}
      {view.query('q') === '' ? null : (
        <span class="end">
          <span class="muted">{t.allMatching}</span>
          {deeds.map(([deed, text]) => (
            <a class="btn sm" href={view.href('/actions/new', { ...query, do: deed })}>
              {`${text}…`}
            </a>
          ))}
        </span>
      )}
    </div>
  )
}
