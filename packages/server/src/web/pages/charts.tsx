import type { Tally } from '../../activity/tally.ts'
import type { Group } from '../../activity/timeline.ts'
import type { Web } from '../context.ts'
import { rangeOf, type Range } from '../facts/ranges.ts'
import { failedShare, loadHistory, loadTotals, type History } from '../facts/series.ts'
import { Empty } from '../parts/empty.tsx'
import { HistoryChart } from '../parts/history-charts.tsx'
import { visible } from '../parts/json.tsx'
import type { Page } from '../parts/layout.tsx'
import { RangeLinks } from '../parts/range-links.tsx'
import type { View } from '../view.ts'

interface ChartsFacts {
  readonly by: Group
  /** '' for all. */
  readonly name: string
  readonly range: Range
  readonly history: History
  readonly totals: readonly (readonly [name: string, tally: Tally])[]
}

/** Names in the table and in the choice. */
const SHOWN = 200

export function loadCharts(web: Web, view: View): ChartsFacts {
  const by = view.query('by') === 'queue' ? 'queue' : 'jobtype'
  const name = view.query('name')
  const range = rangeOf(view.query('range'), view.query('days'))
  const history = loadHistory(web, range, name === '' ? undefined : { by, name })
  return { by, name, range, history, totals: loadTotals(web, range, by) }
}

/** How much, how fast: by queue or jobtype. */
export function chartsPage(view: View, facts: ChartsFacts): Page {
  const { t } = view
  const { history, range, by, totals } = facts
  return {
    title: t.metrics,
    current: '/charts',
    liveMs: 10_000,
    children: (
      <>
        <div class="head">
          <h1>{t.metrics}</h1>
          <div class="end keep">
            <Choice view={view} facts={facts} />
            <RangeLinks view={view} range={range} />
          </div>
        </div>
        <div class="grid half">
          <HistoryChart view={view} history={history} metric="throughput" />
          <HistoryChart view={view} history={history} metric="wait" />
          <HistoryChart view={view} history={history} metric="run" />
        </div>
        <section class="panel">
          <header>
            <h2>{by === 'queue' ? t.queues : t.jobtypes}</h2>
            <span class="end">
              <a
                class="btn sm"
                href={view.href('/charts.csv', { by, range: range.key })}
                aria-label={t.nameOf(t.csv, by === 'queue' ? t.queues : t.jobtypes)}
              >
                {t.csv}
              </a>
            </span>
          </header>
          {totals.length === 0 ? (
            <Empty title={t.emptyMetrics} />
          ) : (
            <TotalsTable view={view} facts={facts} />
          )}
        </section>
      </>
    ),
  }
}

function Choice({ view, facts: { by, name, range, totals } }: { view: View; facts: ChartsFacts }) {
  const { t } = view
  const names = new Set(totals.slice(0, SHOWN).map(([known]) => known))
  if (name !== '') names.add(name)
  return (
    <form class="split" action={view.href('/charts')}>
      <input type="hidden" name="range" value={range.key} />
      <select class="input" name="by" aria-label={t.splitBy}>
        <option value="jobtype" selected={by === 'jobtype'}>
          {t.byJobtype}
        </option>
        <option value="queue" selected={by === 'queue'}>
          {t.byQueue}
        </option>
      </select>
      <select class="input" name="name" aria-label={t.whichOne}>
        <option value="">{t.allNames}</option>
        {[...names].sort().map((one) => (
          <option value={one} selected={one === name}>
            {visible(one)}
          </option>
        ))}
      </select>
      <button class="btn" type="submit">
        {t.show}
      </button>
    </form>
  )
}

function TotalsTable({ view, facts: { by, range, totals } }: { view: View; facts: ChartsFacts }) {
  const { t, f } = view
  const label = by === 'queue' ? t.queues : t.jobtypes
  const duration = (ms: number | undefined): string => (ms === undefined ? '' : f.duration(ms))
  const columns: readonly (readonly [head: string, cell: (tally: Tally) => string])[] = [
    [t.totalTime, ({ runMs }) => f.duration(runMs)],
    [t.done, ({ done }) => f.number(done)],
    [
      t.failedPercent,
      (tally) => {
        const share = failedShare(tally)
        return share === undefined ? '' : `${f.percent(share)} %`
      },
    ],
    [t.waitP95, ({ wait }) => duration(wait.percentile(0.95))],
    [t.runPercentile(t.p50), ({ run }) => duration(run.percentile(0.5))],
    [t.runPercentile(t.p95), ({ run }) => duration(run.percentile(0.95))],
    [t.runPercentile(t.p99), ({ run }) => duration(run.percentile(0.99))],
  ]
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={label}>
      <table class="cards" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {by === 'queue' ? t.queue : t.jobtype}
            </th>
            {columns.map(([head]) => (
              <th scope="col" role="columnheader" class="num">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {totals.slice(0, SHOWN).map(([name, tally]) => (
            <tr role="row">
              <td role="cell" data-name={by === 'queue' ? t.queue : t.jobtype}>
                <a class="strong" href={view.href('/charts', { by, name, range: range.key })}>
                  {visible(name)}
                </a>
              </td>
              {columns.map(([head, cell]) => (
                <td role="cell" data-name={head} class="num">
                  {cell(tally)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The table for a spreadsheet: times in ms. */
export function chartsCsv({ by, totals }: ChartsFacts): string {
  const rows = totals.map(([name, { pushed, fetched, done, failed, runMs, wait, run }]) => [
    csvText(name),
    pushed,
    fetched,
    done,
    failed,
    runMs,
    ...[wait, run].flatMap((one) =>
      [0.5, 0.95, 0.99].map((share) => one.percentile(share)?.toFixed(0) ?? ''),
    ),
  ])
  const head = [
    by,
    'pushed',
    'fetched',
    'done',
    'failed',
    'run_ms_total',
    'wait_ms_p50',
    'wait_ms_p95',
    'wait_ms_p99',
    'run_ms_p50',
    'run_ms_p95',
    'run_ms_p99',
  ]
  return `${[head, ...rows].map((row) => row.join(',')).join('\r\n')}\r\n`
}

/** Quoted, and harmless to a spreadsheet, which would run what begins like a formula. */
function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}
