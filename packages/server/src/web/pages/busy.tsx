import { State } from '@jobmill/core'
import { heldBy } from '../../filter/filter.ts'
import { FilterError } from '../../filter/parse.ts'
import { Hiding } from '../../filter/values.ts'
import type { Web } from '../context.ts'
import { limitOf, loadList, type ListPage } from '../facts/list.ts'
import { loadWorkers, SILENT_MS, type WorkerFacts } from '../facts/workers.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { ActionForm, Ask } from '../parts/form.tsx'
import { visible } from '../parts/json.tsx'
import { JobTable, WorkerLink } from '../parts/job-table.tsx'
import type { Page } from '../parts/layout.tsx'
import { Pager } from '../parts/pager.tsx'
import { When } from '../parts/time.tsx'
import type { View } from '../view.ts'

interface BusyFacts {
  readonly workers: readonly WorkerFacts[]
  readonly page: ListPage | undefined
  readonly wrong: string | undefined
  readonly hiding: Hiding
}

/** @param wid only this worker and what it runs */
export async function loadBusy(web: Web, view: View, wid?: string): Promise<BusyFacts> {
  const all = await loadWorkers(web)
  const workers = wid === undefined ? all : all.filter((worker) => worker.wid === wid)
  const hiding = new Hiding(web.settings().hide)
  try {
    const page = await loadList(web, {
      place: { state: State.Reserved },
      q: view.query('q'),
      ...(wid === undefined ? {} : { also: [heldBy(wid)] }),
      after: view.query('after'),
      before: view.query('before'),
      limit: limitOf(view.query('limit')),
      reversed: false,
    })
    return { workers, page, wrong: undefined, hiding }
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return { workers, page: undefined, wrong: error.message, hiding }
  }
}

/** Workers and what runs. */
export function busyPage(view: View, facts: BusyFacts, wid?: string): Page {
  const { t, f } = view
  const { workers, page, wrong, hiding } = facts
  return {
    title: wid ?? t.busy,
    current: '/busy',
    liveMs: 2000,
    children: (
      <>
        {wid === undefined ? null : (
          <nav class="crumb" aria-label={t.busy}>
            <a href={view.href('/busy')}>{t.busy}</a>
            <span aria-hidden="true">/</span>
          </nav>
        )}
        <div class="head">
          <h1>{wid === undefined ? t.busy : visible(wid)}</h1>
          {view.mayAct && wid === undefined && workers.length > 0 ? (
            <span class="end">
              <Ask
                view={view}
                action="/busy"
                fields={{ wid: 'all', signal: 'quiet' }}
                name={`${t.quietAll}…`}
                text={t.confirmQuietAll}
                verb={t.quietAll}
              />
              <Ask
                view={view}
                action="/busy"
                fields={{ wid: 'all', signal: 'terminate' }}
                name={`${t.stopAll}…`}
                text={t.confirmStopAll}
                verb={t.stopAll}
                danger
              />
            </span>
          ) : null}
        </div>
        <section class="panel">
          <header>
            <h2>{t.workers}</h2>
            <span class="muted">{f.number(workers.length)}</span>
          </header>
          {workers.length === 0 ? (
            <Empty title={t.emptyWorkers} more={t.emptyWorkersMore} />
          ) : (
            <Workers view={view} workers={workers} />
          )}
        </section>
        <FilterBar view={view} wrong={wrong} />
        {page === undefined ? null : (
          <section class="panel">
            <header>
              <h2>{t.running}</h2>
              <span class="muted">{f.number(page.total)}</span>
            </header>
            {page.jobs.length === 0 ? (
              <Empty title={page.filter.parts.length > 0 ? t.emptyFound : t.emptyRunning} />
            ) : (
              <>
                <JobTable
                  view={view}
                  state={State.Reserved}
                  jobs={page.jobs}
                  hiding={hiding}
                  tick={false}
                  label={t.running}
                />
                <Pager view={view} page={page} />
              </>
            )}
          </section>
        )}
      </>
    ),
  }
}

function Workers({ view, workers }: { view: View; workers: readonly WorkerFacts[] }) {
  const { t, f } = view
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={t.workers}>
      <table class="cards" role="table" aria-label={t.workers}>
        <thead role="rowgroup">
          <tr role="row">
            {(
              [
                [t.worker],
                [t.state],
                [t.labels, 'opt'],
                [t.busy, 'num'],
                [t.up, 'num opt'],
                [t.memory, 'num opt2'],
                [t.connections, 'num opt2'],
                [t.lastBeat, 'num'],
              ] as const
            ).map(([name, kind]) => (
              <th scope="col" role="columnheader" class={kind}>
                {name}
              </th>
            ))}
            {view.mayAct ? (
              <th scope="col" role="columnheader">
                <span class="vh">{t.actions}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {workers.map((worker) => (
            <tr role="row" id={`worker-${encodeURIComponent(worker.wid)}`}>
              <td class="lead" role="cell" data-name={t.worker}>
                <span class="two-line">
                  <WorkerLink view={view} wid={worker.wid} />
                  <span>{visible(`${worker.hostname}:${worker.pid}`)}</span>
                </span>
              </td>
              <td class="when" role="cell" data-name={t.state}>
                <WorkerBadge view={view} worker={worker} />
              </td>
              <td class="opt" role="cell" data-name={t.labels}>
                {worker.labels.map((label) => (
                  <span class="tag">{visible(label)}</span>
                ))}
              </td>
              <td class="num" role="cell" data-name={t.busy}>
                {f.number(worker.busy)}
              </td>
              <td class="num opt" role="cell" data-name={t.up}>
                {f.duration(view.nowMs - worker.startedAtMs)}
              </td>
              <td class="num opt2" role="cell" data-name={t.memory}>
                {worker.rssKb === 0 ? '' : f.bytes(worker.rssKb * 1024)}
              </td>
              <td class="num opt2" role="cell" data-name={t.connections}>
                {f.number(worker.connections)}
              </td>
              <td class="num" role="cell" data-name={t.lastBeat}>
                {worker.beats ? <When view={view} ms={worker.beatAtMs} /> : '—'}
              </td>
              {view.mayAct ? (
                <td class="num acts" role="cell">
                  <span class="split">
                    <SignalForm view={view} wid={worker.wid} signal="quiet" text={t.quiet} />
                    <SignalForm
                      view={view}
                      wid={worker.wid}
                      signal="terminate"
                      text={t.stop}
                      danger
                    />
                  </span>
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function WorkerBadge({ view, worker }: { view: View; worker: WorkerFacts }) {
  const { t } = view
  const silent = worker.beats && view.nowMs - worker.beatAtMs > SILENT_MS
  if (silent) return <Badge tone="warn" text={t.stateSilent} />
  switch (worker.state) {
    case 'running':
      return <Badge tone="ok" text={t.stateRunning} />
    case 'quiet':
      return <Badge tone="warn" text={t.stateQuiet} />
    case 'terminate':
      return <Badge tone="warn" text={t.stateTerminate} />
  }
}

function SignalForm({
  view,
  wid,
  signal,
  text,
  danger = false,
}: {
  view: View
  wid: string
  signal: 'quiet' | 'terminate'
  text: string
  danger?: boolean
}) {
  return (
    <ActionForm view={view} action="/busy" fields={{ wid, signal }} kind="inline">
      <button
        class={danger ? 'btn sm danger' : 'btn sm'}
        type="submit"
        aria-label={view.t.nameOf(text, visible(wid))}
      >
        {text}
      </button>
    </ActionForm>
  )
}
