import type { Outcome, Result } from '../../activity/outcomes.ts'
import type { View } from '../view.ts'
import { Badge, type Tone } from './badge.tsx'
import { jobPath } from './job-cells.tsx'
import { WorkerLink } from './job-table.tsx'
import { visible } from './json.tsx'
import { moment, When } from './time.tsx'

const TONES: Readonly<Record<Result, Tone>> = {
  done: 'ok',
  retry: 'warn',
  dead: 'bad',
  discarded: 'bad',
}

/** Runs that ended, newest first. @param of what all of them share, so that it is not repeated */
export function Runs({
  view,
  runs,
  of,
  sinceMs,
}: {
  view: View
  runs: readonly Outcome[]
  of: 'job' | 'worker'
  sinceMs: number | undefined
}) {
  const { t, f } = view
  if (runs.length === 0) return null
  const results = {
    done: t.resultDone,
    retry: t.resultRetry,
    dead: t.resultDead,
    discarded: t.resultDiscarded,
  }
  const head = (text: string, kind?: string) => (
    <th scope="col" role="columnheader" class={kind}>
      {text}
    </th>
  )
  return (
    <section class="panel">
      <header>
        <h2>{t.runs}</h2>
      </header>
      <div class="tablebox" tabindex={0} role="group" aria-label={t.runs}>
        <table class="cards" role="table" aria-label={t.runs}>
          <thead role="rowgroup">
            <tr role="row">
              {of === 'worker' ? head(t.job) : head(t.worker)}
              {head(t.result)}
              {head(t.ranFor, 'num')}
              {head(t.ended, 'num')}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {runs.map(({ jid, jobtype, wid, result, fetchedAtMs, endedAtMs }) => (
              <tr role="row">
                {of === 'worker' ? (
                  <td role="cell" data-name={t.job}>
                    <span class="two-line">
                      <a class="strong" href={view.href(jobPath(jid))}>
                        {visible(jobtype)}
                      </a>
                      <span class="mono muted">{visible(jid)}</span>
                    </span>
                  </td>
                ) : (
                  <td role="cell" data-name={t.worker}>
                    <WorkerLink view={view} wid={wid} />
                  </td>
                )}
                <td role="cell" data-name={t.result}>
                  <Badge tone={TONES[result]} text={results[result]} />
                </td>
                <td role="cell" data-name={t.ranFor} class="num">
                  {f.duration(endedAtMs - fetchedAtMs)}
                </td>
                <td role="cell" data-name={t.ended} class="num">
                  <When view={view} ms={endedAtMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sinceMs === undefined ? null : (
        <p class="body muted">{t.runsSince(moment(view, sinceMs))}</p>
      )}
    </section>
  )
}
