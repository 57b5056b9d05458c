import { State } from '@jobmill/core'
import type { JobFilter } from '../../filter/filter.ts'
import { Hiding } from '../../filter/values.ts'
import type { Doing, MassAction } from '../actions/mass.ts'
import type { ListPage } from '../facts/list.ts'
import { PATHS, STATE_NAMES } from '../facts/places.ts'
import type { Place } from '../../store/store.ts'
import { Badge, type Tone } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ActionForm } from '../parts/form.tsx'
import { JobTable } from '../parts/job-table.tsx'
import { visible } from '../parts/json.tsx'
import type { Page } from '../parts/layout.tsx'
import { placeName } from '../parts/place.ts'
import { When } from '../parts/time.tsx'
import type { View } from '../view.ts'
import { queuePath } from './queues.tsx'

/** Deleting more than this asks for the count to be typed. */
export const TYPED_ABOVE = 1000

export interface Plan {
  readonly doing: Doing | 'clear'
  readonly place: Place
  readonly q: string
  readonly filter: JobFilter
  /** The first jobs that it would hit. */
  readonly page: ListPage
  /** How many it would hit now. */
  readonly count: number
  readonly upTo: number
}

const placePath = (place: Place): string =>
  place.state === State.Queued ? queuePath(place.queue) : PATHS[place.state]

function doingText(view: View, doing: Plan['doing'], place: Place): string {
  const { t } = view
  switch (doing) {
    case 'retry':
      return place.state === State.Scheduled ? t.queueNow : t.retryNow
    case 'kill':
      return t.kill
    case 'delete':
    case 'clear':
      return t.delete
    case 'recover':
      return t.recover
  }
}

/** What must be typed before a plan is carried out; '' for nothing. */
export function toType({ doing, count, place }: Plan): string {
  if (count <= TYPED_ABOVE || (doing !== 'delete' && doing !== 'clear')) return ''
  return doing === 'clear' && place.state === State.Queued ? place.queue : String(count)
}

/** Asks before many jobs are touched: what, which, how many. */
export function confirmPage(view: View, plan: Plan, hide: readonly string[], wrong = false): Page {
  const { t, f } = view
  const { doing, place, page, count } = plan
  const effects = {
    retry: t.confirmEffectRetry,
    kill: t.confirmEffectKill,
    delete: t.confirmEffectDelete,
    clear: t.confirmEffectClear,
    recover: t.confirmEffectRecover,
  }
  const text = doingText(view, doing, place)
  return {
    title: t.confirmTitle(text, count, f),
    current: place.state === State.Queued ? '/queues' : PATHS[place.state],
    children: (
      <>
        <div class="head">
          <h1>{t.confirmTitle(text, count, f)}</h1>
        </div>
        <section class="panel slim">
          <dl class="facts body top-space">
            <div>
              <dt>{t.place}</dt>
              <dd>{placeName(t, place)}</dd>
            </div>
            <div>
              <dt>{t.confirmFilter}</dt>
              <dd class={plan.q === '' ? '' : 'mono'}>
                {plan.q === '' ? t.confirmNone : visible(plan.q)}
              </dd>
            </div>
            <div>
              <dt>{t.confirmCount}</dt>
              <dd>{f.number(count)}</dd>
            </div>
          </dl>
          <div class="body">
            <p>{effects[doing]}</p>
            <p class="muted">{t.confirmLater}</p>
          </div>
          {view.mayAct ? <ConfirmForm view={view} plan={plan} wrong={wrong} /> : null}
        </section>
        {page.jobs.length === 0 ? null : (
          <section class="panel">
            <header>
              <h2>{t.confirmSamples}</h2>
            </header>
            <JobTable
              view={view}
              state={place.state}
              jobs={page.jobs.slice(0, 5)}
              hiding={new Hiding(hide)}
              tick={false}
              label={t.confirmSamples}
            />
          </section>
        )}
      </>
    ),
  }
}

function ConfirmForm({ view, plan, wrong }: { view: View; plan: Plan; wrong: boolean }) {
  const { t, f } = view
  const { doing, place, count } = plan
  const typed = toType(plan)
  const text = doingText(view, doing, place)
  return (
    <ActionForm
      view={view}
      action="/actions"
      fields={{
        do: doing,
        set: STATE_NAMES[place.state],
        queue: place.state === State.Queued ? place.queue : '',
        q: plan.q,
        up: String(plan.upTo),
        count: String(count),
      }}
      kind="body fields"
    >
      {typed === '' ? null : (
        <label>
          <span>{t.typeCount(typed)}</span>
          <input
            class="input"
            name="typed"
            autocomplete="off"
            required
            aria-invalid={wrong ? 'true' : undefined}
          />
        </label>
      )}
      {wrong ? (
        <p class="txt-bad" role="alert">
          {t.typedWrong}
        </p>
      ) : null}
      <span class="split">
        <button
          class={doing === 'delete' || doing === 'clear' ? 'btn danger primary' : 'btn primary'}
          type="submit"
          disabled={count === 0}
        >
          {t.confirmTitle(text, count, f).replace(/\?$/, '')}
        </button>
        <a class="btn" href={view.href(placePath(place), { q: plan.q })}>
          {t.cancel}
        </a>
      </span>
    </ActionForm>
  )
}

const TONES: Readonly<Record<MassAction['state'], Tone>> = {
  running: 'busy',
  done: 'ok',
  stopped: 'warn',
  failed: 'bad',
}

function stateText(view: View, action: MassAction): string {
  const { t, f } = view
  switch (action.state) {
    case 'running':
      return t.actionRunning(f.number(action.done), f.number(action.total))
    case 'done':
      return t.actionDone(f.number(action.done), f.number(action.moved))
    case 'stopped':
      return t.actionStopped(f.number(action.done), f.number(action.total))
    case 'failed':
      return t.actionFailed(action.failure)
  }
}

/** How far a mass action is. */
export function actionPage(view: View, action: MassAction): Page {
  const { t } = view
  const title = doingText(view, action.doing, action.place)
  const share = action.total === 0 ? 1 : (action.done + action.moved) / action.total
  return {
    title,
    current: '/actions',
    ...(action.state === 'running' ? { liveMs: 1000 } : {}),
    children: (
      <>
        <nav class="crumb" aria-label={t.actions}>
          <a href={view.href('/actions')}>{t.actions}</a>
          <span aria-hidden="true">/</span>
        </nav>
        <div class="head">
          <h1>{title}</h1>
          <Badge tone={TONES[action.state]} text={stateText(view, action)} />
        </div>
        <section class="panel slim">
          <div class="body top-space">
            <svg
              class="bar wide"
              viewBox="0 0 100 4"
              preserveAspectRatio="none"
              role="img"
              aria-label={stateText(view, action)}
            >
              <rect width={String(Math.round(share * 100))} height="4" />
            </svg>
            <p class="muted">
              {visible(action.q)} {t.actionBy(action.by || '?')}{' '}
              <When view={view} ms={action.startedAtMs} />
            </p>
          </div>
          <div class="body">
            <span class="split">
              {action.state === 'running' && view.mayAct ? (
                <ActionForm view={view} action={`/actions/${action.id}/stop`} kind="inline">
                  <button class="btn" type="submit">
                    {t.stop}
                  </button>
                </ActionForm>
              ) : null}
              <a class="btn" href={view.href(placePath(action.place), { q: action.q })}>
                {t.show}
              </a>
            </span>
          </div>
        </section>
      </>
    ),
  }
}

/** The mass actions of late. */
export function actionsPage(view: View, actions: readonly MassAction[]): Page {
  const { t } = view
  return {
    title: t.actions,
    current: '/actions',
    liveMs: 5000,
    children: (
      <>
        <div class="head">
          <h1>{t.actions}</h1>
        </div>
        <section class="panel">
          {actions.length === 0 ? (
            <Empty title={t.emptyActions} />
          ) : (
            <div class="tablebox" tabindex={0} role="group" aria-label={t.actions}>
              <table class="cards" role="table" aria-label={t.actions}>
                <thead role="rowgroup">
                  <tr role="row">
                    {[t.action, t.filter, t.progress, t.started].map((name) => (
                      <th scope="col" role="columnheader">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody role="rowgroup">
                  {actions.map((action) => (
                    <tr role="row" id={`action-${action.id}`}>
                      <td class="lead" role="cell" data-name={t.action}>
                        <a class="strong" href={view.href(`/actions/${action.id}`)}>
                          {doingText(view, action.doing, action.place)}
                        </a>
                      </td>
                      <td role="cell" data-name={t.filter} class="mono full">
                        {visible(action.q)}
                      </td>
                      <td class="full" role="cell" data-name={t.progress}>
                        <Badge tone={TONES[action.state]} text={stateText(view, action)} />
                      </td>
                      <td class="when" role="cell" data-name={t.started}>
                        <When view={view} ms={action.startedAtMs} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
      </>
    ),
  }
}
