import type { ErrorGroup } from '../../activity/errors.ts'
import type { GroupFacts } from '../facts/errors.ts'
import type { View } from '../view.ts'
import { visible } from './json.tsx'

export const groupPath = ({ id }: Pick<ErrorGroup, 'id'>): string => `/errors/${id}`

/** Jobtype and queue, error type and message. */
export function ErrorCells({ view, group }: { view: View; group: ErrorGroup }) {
  const { t } = view
  return (
    <>
      <td role="cell" data-name={t.jobtype}>
        <span class="two-line">
          <a class="strong" href={view.href('/charts', { by: 'jobtype', name: group.jobtype })}>
            {visible(group.jobtype)}
          </a>
          <span class="muted">{group.queue}</span>
        </span>
      </td>
      <td role="cell" data-name={t.error} class="clip full">
        <span class="two-line">
          <a href={view.href(groupPath(group), { range: view.query('range') })}>
            {visible(group.errtype || t.noErrorType)}
          </a>
          <span>{visible(group.print)}</span>
        </span>
      </td>
    </>
  )
}

/** The few kinds of errors that come most. */
export function TopErrors({ view, groups }: { view: View; groups: readonly GroupFacts[] }) {
  const { t, f } = view
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={t.topErrors}>
      <table class="cards" role="table" aria-label={t.topErrors}>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {t.jobtype}
            </th>
            <th scope="col" role="columnheader">
              {t.error}
            </th>
            <th scope="col" role="columnheader" class="num">
              {t.failures}
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {groups.map(({ group, count }) => (
            <tr role="row" id={`error-${group.id}`}>
              <ErrorCells view={view} group={group} />
              <td role="cell" data-name={t.failures} class="num">
                {f.number(count)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
