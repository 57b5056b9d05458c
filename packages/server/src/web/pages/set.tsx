import { State, type TimedState } from '@jobmill/core'
import { FilterError } from '../../filter/parse.ts'
import { Hiding } from '../../filter/values.ts'
import type { Web } from '../context.ts'
import { limitOf, loadList, type ListPage } from '../facts/list.ts'
import { PATHS, STATE_NAMES } from '../facts/places.ts'
import { Empty } from '../parts/empty.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { ActionForm, NoDefault } from '../parts/form.tsx'
import { Icon } from '../parts/icon.tsx'
import { JobTable } from '../parts/job-table.tsx'
import type { Page } from '../parts/layout.tsx'
import { Pager } from '../parts/pager.tsx'
import type { Text } from '../text/en.ts'
import type { View } from '../view.ts'

export type Deed = 'retry' | 'kill' | 'delete'

interface SetText {
  readonly title: keyof Text
  readonly empty: keyof Text
  readonly emptyMore?: keyof Text
  readonly deeds: readonly Deed[]
}

const SETS: Readonly<Record<TimedState, SetText>> = {
  [State.Retry]: { title: 'retries', empty: 'emptyRetries', deeds: ['retry', 'kill', 'delete'] },
  [State.Scheduled]: { title: 'scheduled', empty: 'emptyScheduled', deeds: ['retry', 'delete'] },
  [State.Dead]: {
    title: 'dead',
    empty: 'emptyDead',
    emptyMore: 'emptyDeadMore',
    deeds: ['retry', 'delete'],
  },
}

export interface SetFacts {
  readonly set: TimedState
  readonly page: ListPage | undefined
  /** Why the filter cannot be read. */
  readonly wrong: string | undefined
  readonly hiding: Hiding
}

export async function loadSet(web: Web, view: View, set: TimedState): Promise<SetFacts> {
  const hiding = new Hiding(web.settings().hide)
  try {
    const page = await loadList(web, {
      place: { state: set },
      q: view.query('q'),
      after: view.query('after'),
      before: view.query('before'),
      limit: limitOf(view.query('limit')),
      // The newest dead first; what is planned, the next first.
      reversed: set === State.Dead,
    })
    return { set, page, wrong: undefined, hiding }
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return { set, page: undefined, wrong: error.message, hiding }
  }
}

/** Retries, scheduled and dead jobs. */
export function setPage(view: View, facts: SetFacts): Page {
  const { set, page, wrong } = facts
  const { t, f } = view
  const texts = SETS[set]
  const title = String(t[texts.title])
  const count = page === undefined ? '' : ` (${f.number(page.total)})`
  return {
    title: `${title}${count}`,
    current: PATHS[set],
    liveMs: 5000,
    children: (
      <>
        <div class="head">
          <h1>{title}</h1>
          {page === undefined ? null : <span class="muted">{f.number(page.total)}</span>}
        </div>
        <FilterBar view={view} wrong={wrong} />
        {page === undefined ? null : <List view={view} facts={facts} page={page} title={title} />}
      </>
    ),
  }
}

function List({
  view,
  facts: { set, hiding },
  page,
  title,
}: {
  view: View
  facts: SetFacts
  page: ListPage
  title: string
}) {
  const { t } = view
  const texts = SETS[set]
  if (page.jobs.length === 0 && page.next === undefined) {
    return (
      <section class="panel">
        {page.filter.parts.length > 0 ? (
          <Empty title={t.emptyFound} more={t.emptyFoundMore} />
        ) : (
          <Empty
            title={String(t[texts.empty])}
            {...(texts.emptyMore === undefined ? {} : { more: String(t[texts.emptyMore]) })}
          />
        )}
      </section>
    )
  }
  const table = (
    <>
      <JobTable
        view={view}
        state={set}
        jobs={page.jobs}
        hiding={hiding}
        tick={view.mayAct}
        label={title}
      />
      {view.mayAct ? <SelectionBar view={view} set={set} page={page} deeds={texts.deeds} /> : null}
      <Pager view={view} page={page} />
    </>
  )
  return (
    <section class="panel">
      {view.mayAct ? (
        <ActionForm view={view} action={PATHS[set]}>
          <NoDefault />
          {table}
        </ActionForm>
      ) : (
        table
      )}
    </section>
  )
}

export function deedText(view: View, set: State, deed: Deed): string {
  const { t } = view
  if (deed === 'kill') return t.kill
  if (deed === 'delete') return t.delete
  return set === State.Scheduled ? t.queueNow : t.retryNow
}

const LOOKS = { retry: 'primary', kill: '', delete: 'danger' } as const
const ICONS = { retry: 'retry', kill: 'kill', delete: 'trash' } as const

function SelectionBar({
  view,
  set,
  page,
  deeds,
}: {
  view: View
  set: TimedState
  page: ListPage
  deeds: readonly Deed[]
}) {
  const { t, f } = view
  const filtered = page.filter.parts.length > 0
  const query = { set: STATE_NAMES[set], q: view.query('q'), up: view.stats?.lastSeq }
  return (
    <div class="selbar" role="group" aria-label={t.withChosen}>
      <span data-sel-text={t.chosen('{n}')} aria-live="polite"></span>
      {deeds.map((deed) => (
        <button class={`btn ${LOOKS[deed]}`.trim()} type="submit" name="action" value={deed}>
          <Icon view={view} name={ICONS[deed]} />
          {deedText(view, set, deed)}
        </button>
      ))}
      <span class="end">
        <span class="muted">{filtered ? t.allMatching : t.allOf(page.total, f)}</span>
        {deeds.map((deed) => (
          <a class="btn sm" href={view.href('/actions/new', { ...query, do: deed })}>
            {`${deedText(view, set, deed)}…`}
          </a>
        ))}
      </span>
    </div>
  )
}
