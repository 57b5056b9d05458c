import { State } from '@jobmill/core'
import type { Hiding } from '../../filter/values.ts'
import type { Place } from '../../store/store.ts'
import { PATHS, sizeOf } from '../facts/places.ts'
import type { SearchGroup } from '../facts/search.ts'
import { Empty } from '../parts/empty.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { JobTable } from '../parts/job-table.tsx'
import type { Page } from '../parts/layout.tsx'
import { placeName } from '../parts/place.ts'
import type { View } from '../view.ts'
import { queuePath } from './queues.tsx'

const pathOf = (place: Place): string =>
  place.state === State.Queued ? queuePath(place.queue) : PATHS[place.state]

/** What one box finds, wherever it is. */
export function searchPage(
  view: View,
  groups: readonly SearchGroup[],
  wrong: string | undefined,
  hiding: Hiding,
): Page {
  const { t, f } = view
  const q = view.query('q')
  const titleOf = (place: Place): string =>
    place.state === State.Queued ? `${t.waiting} · ${place.queue}` : placeName(t, place)
  return {
    title: t.search,
    current: '/search',
    children: (
      <>
        <div class="head">
          <h1>{t.search}</h1>
        </div>
        <FilterBar view={view} wrong={wrong} />
        {q === '' || wrong !== undefined || groups.length > 0 ? null : (
          <section class="panel">
            <Empty title={t.emptyFound} more={t.emptyFoundMore} />
          </section>
        )}
        {groups.map(({ place, jobs, more, searched }) => (
          <section class="panel">
            <header>
              <h2>{titleOf(place)}</h2>
              <span class="muted">{t.foundSome(jobs.length, f)}</span>
              {more ? (
                <span class="end">
                  <span class="muted">
                    {jobs.length === 0
                      ? t.searchedPart(
                          f.number(searched),
                          f.number(view.stats === undefined ? 0 : sizeOf(place, view.stats)),
                        )
                      : ''}
                  </span>
                  <a class="btn sm" href={view.href(pathOf(place), { q })}>
                    {t.all}
                  </a>
                </span>
              ) : null}
            </header>
            {jobs.length === 0 ? null : (
              <JobTable
                view={view}
                state={place.state}
                jobs={jobs}
                hiding={hiding}
                tick={false}
                label={titleOf(place)}
              />
            )}
          </section>
        ))}
      </>
    ),
  }
}
