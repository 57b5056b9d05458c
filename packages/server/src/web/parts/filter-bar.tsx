import type { View } from '../view.ts'
import { Icon } from './icon.tsx'

/** The filter of a list. @param wrong why the text cannot be read */
export function FilterBar({ view, wrong }: { view: View; wrong?: string | undefined }) {
  const { t } = view
  const q = view.query('q')
  return (
    <form class="filter" role="search" aria-label={t.filterLabel} action={view.href(view.path)}>
      <Icon view={view} name="filter" />
      <input
        class="input"
        type="search"
        name="q"
        value={q}
        maxlength={1000}
        aria-label={t.filterLabel}
        aria-invalid={wrong === undefined ? undefined : 'true'}
        aria-describedby={wrong === undefined ? undefined : 'filter-wrong'}
        placeholder={t.filterHint}
        autocomplete="off"
      />
      <button class="btn" type="submit">
        {t.filter}
      </button>
      {q === '' ? null : (
        <a class="btn ghost" href={view.href(view.path)}>
          {t.clearFilter}
        </a>
      )}
      {wrong === undefined ? null : (
        <p class="txt-bad" id="filter-wrong" role="alert">
          {t.filterWrong(wrong)}
        </p>
      )}
    </form>
  )
}
