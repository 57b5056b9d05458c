import type { ErrorGroup } from '../../activity/errors.ts'
import { countsOf, filterOfGroup, type ErrorsFacts, type GroupFacts } from '../facts/errors.ts'
import { spanOf, type Range } from '../facts/ranges.ts'
import type { Web } from '../context.ts'
import { ChartPanel, Spark, type ChartLine, type Tone } from '../parts/chart.tsx'
import { Empty } from '../parts/empty.tsx'
import { ErrorCells } from '../parts/errors.tsx'
import { visible } from '../parts/json.tsx'
import type { Page } from '../parts/layout.tsx'
import { RangeLinks } from '../parts/range-links.tsx'
import { When } from '../parts/time.tsx'
import type { View } from '../view.ts'

/** Groups on one page. */
const SHOWN = 100
/** Jobtypes with a line of their own in the chart. */
const LINES = 3
const TONES: readonly Tone[] = ['bad', 'warn', 'plan', 'busy']

/** What fails, since when? */
export function errorsPage(view: View, facts: ErrorsFacts): Page {
  const { t, f } = view
  const { groups, failures, range } = facts
  return {
    title: t.errors,
    current: '/errors',
    liveMs: 10_000,
    children: (
      <>
        <div class="head">
          <h1>{t.errors}</h1>
          <span class="muted">
            {t.kindsOf(f.number(groups.length), f.number(failures), rangeText(range))}
          </span>
          <div class="end keep">
            <RangeLinks view={view} range={range} />
          </div>
        </div>
        {groups.length === 0 ? (
          <section class="panel">
            <Empty title={t.emptyErrors} />
          </section>
        ) : (
          <>
            <ChartPanel
              view={view}
              title={t.failuresOver}
              span={spanOf(range, view.nowMs)}
              lines={linesByJobtype(view, groups)}
              marks={[]}
              format={(value) => f.rate(value)}
            />
            <section class="panel">
              <GroupTable view={view} facts={facts} />
            </section>
          </>
        )}
      </>
    ),
  }
}

const rangeText = ({ key }: Range): string => key.replace(/(\d+)/, '$1 ')

/** The jobtypes that fail most, the others together. */
function linesByJobtype(view: View, groups: readonly GroupFacts[]): ChartLine[] {
  const byJobtype = new Map<string, number[]>()
  for (const { group, steps } of groups) {
    const name = byJobtype.has(group.jobtype) || byJobtype.size < LINES ? group.jobtype : ''
    const sums = byJobtype.get(name) ?? steps.map(() => 0)
    byJobtype.set(
      name,
      sums.map((sum, i) => sum + (steps[i] ?? 0)),
    )
  }
  return [...byJobtype].map(([name, values], i) => ({
    name: name === '' ? view.t.others : visible(name),
    tone: TONES[i] ?? '',
    values,
    area: i === 0,
  }))
}

function GroupTable({ view, facts: { groups, isCounted } }: { view: View; facts: ErrorsFacts }) {
  const { t, f } = view
  const head = (text: string, kind?: string) => (
    <th scope="col" role="columnheader" class={kind}>
      {text}
    </th>
  )
  return (
    <div class="tablebox" tabindex={0} role="group" aria-label={t.errors}>
      <table class="cards" role="table" aria-label={t.errors}>
        <thead role="rowgroup">
          <tr role="row">
            {head(t.jobtype)}
            {head(t.error)}
            <th scope="col" role="columnheader" class="opt opt2 hide">
              <span class="vh">{t.failuresOver}</span>
            </th>
            {head(t.failures, 'num')}
            {head(t.inRetries, 'num')}
            {head(t.inDead, 'num')}
            {head(t.firstSeen, 'num opt opt2')}
            {head(t.lastSeen, 'num opt')}
            {view.mayAct ? (
              <th scope="col" role="columnheader">
                <span class="vh">{t.actions}</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {groups.slice(0, SHOWN).map((one) => (
            <tr role="row" id={`error-${one.group.id}`}>
              <ErrorCells view={view} group={one.group} />
              <td role="cell" class="opt opt2 hide bad">
                <Spark values={one.steps} inline />
              </td>
              <td role="cell" data-name={t.failures} class="num">
                <b>{f.number(one.count)}</b>
              </td>
              <td role="cell" data-name={t.inRetries} class="num">
                <JobsLink view={view} group={one.group} set="retries" count={one.retries} />
              </td>
              <td role="cell" data-name={t.inDead} class="num">
                <JobsLink view={view} group={one.group} set="morgue" count={one.dead} />
              </td>
              <td role="cell" data-name={t.firstSeen} class="num opt opt2 hide muted">
                <When view={view} ms={one.group.firstMs} />
              </td>
              <td role="cell" data-name={t.lastSeen} class="num opt hide muted">
                <When view={view} ms={one.group.lastMs} />
              </td>
              {view.mayAct ? (
                <td role="cell" class="num">
                  <Deeds view={view} facts={one} isCounted={isCounted} small />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function JobsLink({
  view,
  group,
  set,
  count,
}: {
  view: View
  group: ErrorGroup
  set: 'retries' | 'morgue'
  count: number
}) {
  if (count === 0) return <span class="muted">0</span>
  return (
    <a class="count" href={view.href(`/${set}`, { q: filterOfGroup(group) })}>
      {view.f.number(count)}
    </a>
  )
}

/** Links to what can be done to all jobs of a group: each asks before it does anything. */
function Deeds({
  view,
  facts: { group, retries, dead },
  isCounted,
  small = false,
}: {
  view: View
  facts: GroupFacts
  isCounted: boolean
  small?: boolean
}) {
  const { t, f } = view
  const q = filterOfGroup(group)
  const size = small ? 'btn sm' : 'btn'
  const link = (set: 'retries' | 'dead', act: 'retry' | 'kill' | 'delete', n: number) => {
    const names = { retry: t.retry, kill: t.kill, delete: t.delete }
    const number = isCounted ? f.number(n) : t.atLeast(f.number(n))
    const text = t.actNumber(names[act], number)
    const place = set === 'retries' ? t.retries : t.dead
    return (
      <a
        class={act === 'delete' ? `${size} danger` : size}
        href={view.href('/actions/new', { set, do: act, q })}
        aria-label={`${text} ${place} ${visible(group.jobtype)}`}
      >
        {text}
      </a>
    )
  }
  return (
    <span class={small ? 'split' : 'split wraps'}>
      {retries === 0 ? null : (
        <>
          {link('retries', 'retry', retries)}
          {small ? null : link('retries', 'kill', retries)}
          {link('retries', 'delete', retries)}
        </>
      )}
      {dead === 0 || (small && retries > 0) ? null : (
        <>
          {link('dead', 'retry', dead)}
          {link('dead', 'delete', dead)}
        </>
      )}
    </span>
  )
}

/** One kind of error. */
export function errorPage(
  web: Web,
  view: View,
  group: ErrorGroup,
  { range, groups, isCounted }: ErrorsFacts,
): Page {
  const { t, f } = view
  const counts = countsOf(web, group, range)
  const facts = groups.find((one) => one.group.id === group.id) ?? {
    ...counts,
    retries: 0,
    dead: 0,
  }
  return {
    title: `${group.jobtype} ${group.errtype}`,
    current: '/errors',
    liveMs: 10_000,
    children: (
      <>
        <nav class="crumb" aria-label={t.errors}>
          <a href={view.href('/errors', { range: range.key })}>{t.errors}</a>
          <span aria-hidden="true">/</span>
        </nav>
        <div class="head">
          <h1>{t.needBurst(visible(group.jobtype), visible(group.errtype || t.noErrorType))}</h1>
          <div class="end keep">
            <RangeLinks view={view} range={range} />
          </div>
        </div>
        <p class="mono print">{visible(group.print)}</p>
        {view.mayAct ? <Deeds view={view} facts={facts} isCounted={isCounted} /> : null}
        <section class="panel">
          <dl class="facts body top-space">
            {(
              [
                [t.queue, group.queue],
                [t.failures, t.countIn(f.number(facts.count), rangeText(range))],
                [
                  t.inRetries,
                  <JobsLink view={view} group={group} set="retries" count={facts.retries} />,
                ],
                [t.inDead, <JobsLink view={view} group={group} set="morgue" count={facts.dead} />],
                [t.firstSeen, <When view={view} ms={group.firstMs} />],
                [t.lastSeen, <When view={view} ms={group.lastMs} />],
              ] as const
            ).map(([name, value]) => (
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <ChartPanel
          view={view}
          title={t.failuresOver}
          span={spanOf(range, view.nowMs)}
          lines={[{ name: t.failures, tone: 'bad', values: counts.steps, area: true }]}
          marks={[]}
          format={(value) => f.rate(value)}
        />
        <Samples view={view} group={group} />
        {group.backtrace.length === 0 ? null : (
          <section class="panel">
            <header>
              <h2>{t.latestBacktrace}</h2>
            </header>
            <div class="body">
              <pre class="trace" tabindex={0} role="group" aria-label={t.latestBacktrace}>
                {group.backtrace.map(visible).join('\n')}
              </pre>
            </div>
          </section>
        )}
      </>
    ),
  }
}

function Samples({ view, group }: { view: View; group: ErrorGroup }) {
  const { t } = view
  return (
    <section class="panel">
      <header>
        <h2>{t.samples}</h2>
      </header>
      <ul class="needs">
        {group.samples.map(({ jid, message, atMs }) => (
          <li>
            <span></span>
            <span>
              <span class="mono">{visible(message)}</span>{' '}
              <span class="why">
                <a href={view.href(`/jobs/${encodeURIComponent(jid)}`)}>{visible(jid)}</a>
              </span>
            </span>
            <span class="muted">
              <When view={view} ms={atMs} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
