import type { ListPage } from '../facts/list.ts'
import type { View } from '../view.ts'
import { Icon } from './icon.tsx'

/** Where in a list one is, and the ways on. Says honestly how far a search looked. */
export function Pager({ view, page }: { view: View; page: ListPage }) {
  const { t, f } = view
  const filtered = page.filter.parts.length > 0
  const partly = filtered && page.next !== undefined && page.jobs.length < 1
  const onward = { before: undefined, after: page.next }
  return (
    <nav class="pager" aria-label={t.pages}>
      <span>
        {filtered
          ? t.foundSome(page.jobs.length, f)
          : t.shown(f.number(page.jobs.length), f.number(page.total))}
        {filtered ? ` · ${t.searchedPart(f.number(page.searched), f.number(page.total))}` : ''}
      </span>
      <span class="end">
        {page.previous === undefined ? null : (
          <>
            <a class="btn sm" href={view.here({ after: undefined, before: undefined })}>
              {t.first}
            </a>
            <a
              class="btn sm"
              rel="prev"
              href={view.here({ after: undefined, before: page.previous })}
            >
              <Icon view={view} name="left" />
              {t.previous}
            </a>
          </>
        )}
        {page.next === undefined ? null : (
          <a class="btn sm" rel="next" href={view.here(onward)}>
            {partly ? t.goOn : t.next}
            <Icon view={view} name="right" />
          </a>
        )}
      </span>
    </nav>
  )
}
