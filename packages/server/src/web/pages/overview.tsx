import type { ServerFacts } from '../context.ts'
import type { Need, Overview } from '../facts/overview.ts'
import { failedShare } from '../facts/series.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ActionForm } from '../parts/form.tsx'
import { Spark, type Tone } from '../parts/chart.tsx'
import { groupPath, TopErrors } from '../parts/errors.tsx'
import { HistoryChart } from '../parts/history-charts.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import { visible } from '../parts/json.tsx'
import type { Page } from '../parts/layout.tsx'
import { RangeLinks } from '../parts/range-links.tsx'
import { distance } from '../parts/time.tsx'
import type { View } from '../view.ts'
import { queuePath, QueueTable } from './queues.tsx'

/** Lines of "needs attention"; the rest is counted. */
const NEEDS_MAX = 7
const QUEUES_MAX = 10

/** Is anything wrong? */
export function overviewPage(view: View, facts: Overview, server: ServerFacts): Page {
  const { t, f } = view
  const { stats, queues } = facts
  const waiting = queues.reduce((sum, { size }) => sum + size, 0)
  const isNew = stats.processed === 0 && waiting + stats.scheduled + stats.retries === 0
  const slowest = queues
    .toSorted((a, b) => (a.oldestAtMs ?? Infinity) - (b.oldestAtMs ?? Infinity))
    .slice(0, QUEUES_MAX)
  return {
    title: t.overview,
    current: '/',
    liveMs: 2000,
    children: (
      <>
        <div class="head">
          <h1>{t.overview}</h1>
          <div class="end keep">
            <RangeLinks view={view} range={facts.history.range} />
          </div>
        </div>
        {isNew && stats.working + stats.dead === 0 && queues.length === 0 ? (
          <FirstSteps view={view} />
        ) : (
          <Needs view={view} facts={facts} waiting={waiting} />
        )}
        <Figures view={view} facts={facts} waiting={waiting} />
        <div class="grid half">
          <HistoryChart view={view} history={facts.history} metric="throughput" />
          <HistoryChart view={view} history={facts.history} metric="wait" />
        </div>
        <section class="panel">
          <header>
            <h2>{t.queues}</h2>
            <span class="end">
              <a class="btn sm" href={view.href('/queues')}>
                {`${t.all} ${f.number(queues.length)}`}
              </a>
            </span>
          </header>
          {slowest.length === 0 ? (
            <Empty title={t.emptyQueues} more={t.emptyQueuesMore} />
          ) : (
            <QueueTable view={view} queues={slowest} activityOf={facts.activityOf} />
          )}
        </section>
        {facts.errors.length === 0 ? null : (
          <section class="panel">
            <header>
              <h2>{t.topErrors}</h2>
              <span class="end">
                <a
                  class="btn sm"
                  href={view.href('/errors', { range: facts.history.range.key })}
                  aria-label={t.nameOf(t.all, t.errors)}
                >
                  {t.all}
                </a>
              </span>
            </header>
            <TopErrors view={view} groups={facts.errors} />
          </section>
        )}
        <ServerLine view={view} server={server} />
      </>
    ),
  }
}

function Figures({ view, facts, waiting }: { view: View; facts: Overview; waiting: number }) {
  const { t, f } = view
  const { stats, history, rates } = facts
  const { total, steps, seconds } = history
  const range = history.range.key.replace(/(\d+)/, '$1 ')
  const share = failedShare(total)
  const p95 = total.wait.percentile(0.95)
  return (
    <dl class="kpis">
      <Figure
        view={view}
        name={t.done}
        value={f.rate(rates.all.done / rates.seconds)}
        unit={t.perSecond}
        path="/charts"
        tone="busy"
        more={t.countIn(f.number(total.done), range)}
        spark={steps.map((step, i) => step && step.done / (seconds[i] ?? 1))}
      />
      <Figure
        view={view}
        name={t.failed}
        value={share === undefined ? '—' : f.percent(share)}
        unit={share === undefined ? '' : t.percent}
        path="/errors"
        tone="bad"
        more={t.countIn(f.number(total.failed), range)}
        spark={steps.map((step) => step && (failedShare(step) ?? 0))}
      />
      <Figure
        view={view}
        name={t.waiting}
        value={f.number(waiting)}
        path="/queues"
        more={facts.oldestMs === undefined ? '' : t.oldestFor(f.duration(facts.oldestMs))}
        spark={steps.map((step) => step?.waiting)}
      />
      <Figure
        view={view}
        name={t.waitP95}
        value={p95 === undefined ? '—' : f.duration(p95)}
        path="/charts"
        tone="plan"
        more={p95 === undefined ? '' : t.waitP99(f.duration(total.wait.percentile(0.99) ?? 0))}
        spark={steps.map((step) => step?.wait.percentile(0.95))}
      />
      <Figure
        view={view}
        name={t.busy}
        value={f.number(stats.working)}
        path="/busy"
        tone="ok"
        more={t.ofWorkers(f.number(facts.workers))}
        spark={steps.map((step) => step?.running)}
      />
      <Figure
        view={view}
        name={t.retries}
        value={f.number(stats.retries)}
        path="/retries"
        tone="warn"
        more={
          facts.nextRetryMs === undefined
            ? ''
            : t.nextIn(f.duration(Math.max(0, facts.nextRetryMs - view.nowMs)))
        }
        spark={steps.map((step) => step?.retries)}
      />
    </dl>
  )
}

function Figure({
  view,
  name,
  value,
  unit = '',
  more,
  path,
  tone = '',
  spark,
}: {
  view: View
  name: string
  value: string
  unit?: string
  more: string
  path: string
  tone?: Tone
  spark: readonly (number | undefined)[]
}) {
  return (
    <div class={`kpi ${tone}`.trim()}>
      <dt>
        <a href={view.href(path)}>{name}</a>
      </dt>
      <dd class="v">
        {value}
        {unit === '' ? null : <small>{unit}</small>}
      </dd>
      <dd class="d">{more}</dd>
      <dd>
        <Spark values={spark} />
      </dd>
    </div>
  )
}

function Needs({ view, facts, waiting }: { view: View; facts: Overview; waiting: number }) {
  const { t, f } = view
  const { needs, oldestMs } = facts
  if (needs.length === 0) {
    return (
      <section class="call ok">
        <Icon view={view} name="check" />
        <div>
          <h2>{t.allClear}</h2>
          <p>
            {waiting === 0 || oldestMs === undefined
              ? t.allClearIdle
              : t.allClearMore(f.number(waiting), f.duration(oldestMs))}
          </p>
        </div>
      </section>
    )
  }
  return (
    <section class="panel">
      <header>
        <h2>{t.attention}</h2>
        <span class="muted">{f.number(needs.length)}</span>
      </header>
      <ul class="needs">
        {needs.slice(0, NEEDS_MAX).map((need) => (
          <NeedLine view={view} need={need} />
        ))}
      </ul>
    </section>
  )
}

function NeedLine({ view, need }: { view: View; need: Need }) {
  const { t, f } = view
  switch (need.what) {
    case 'store':
      return (
        <Line
          view={view}
          tone="bad"
          icon="error"
          path="/health"
          text={t.needStore}
          why={need.why}
        />
      )
    case 'died':
      return (
        <Line view={view} tone="bad" icon="dead" path="/morgue" text={t.needDead(need.count, f)} />
      )
    case 'orphaned':
      return (
        <Line
          view={view}
          tone="warn"
          icon="worker"
          path="/busy"
          text={t.needOrphaned(need.count, f)}
          why={t.needOrphanedWhy}
        />
      )
    case 'overdue':
      return (
        <Line
          view={view}
          tone="warn"
          icon="clock"
          path="/scheduled"
          text={t.needOverdue(need.count, f)}
        />
      )
    case 'paused':
      return (
        <Line
          view={view}
          tone="warn"
          icon="pause"
          path={queuePath(need.queue)}
          text={t.needPaused(need.queue)}
          why={t.needPausedWhy(need.size, f)}
          resume={need.queue}
        />
      )
    case 'no-worker':
      return (
        <Line
          view={view}
          tone="warn"
          icon="worker"
          path={queuePath(need.queue)}
          text={t.needNoWorker(need.queue)}
          why={t.needNobodyWhy(
            need.size,
            f.duration(need.oldestMs),
            need.lastFetchMs === undefined ? '' : distance(view, need.lastFetchMs),
            f,
          )}
        />
      )
    case 'error-burst':
      return (
        <Line
          view={view}
          tone="bad"
          icon="error"
          path={groupPath({ id: need.group })}
          text={t.needBurst(visible(need.jobtype), visible(need.errtype || t.noErrorType))}
          why={t.needBurstWhy(f.number(need.count), distance(view, need.firstMs))}
        />
      )
    case 'falls-behind':
      return (
        <Line
          view={view}
          tone="warn"
          icon="clock"
          path={queuePath(need.queue)}
          text={t.needBehind(need.queue)}
          why={t.needBehindWhy(
            f.duration(need.oldestMs),
            f.duration(need.usualMs),
            f.rate(need.inPerS),
            f.rate(need.outPerS),
          )}
        />
      )
  }
}

function Line({
  view,
  tone,
  icon,
  path,
  text,
  why = '',
  resume,
}: {
  view: View
  tone: 'bad' | 'warn'
  icon: IconName
  path: string
  text: string
  why?: string
  resume?: string
}) {
  return (
    <li class={tone}>
      <Icon view={view} name={icon} />
      <span>
        <a href={view.href(path)}>
          <b>{text}</b>
        </a>{' '}
        <span class="why">{why}</span>
      </span>
      {resume === undefined || !view.mayAct ? (
        <a class="btn sm" href={view.href(path)} aria-label={view.t.nameOf(view.t.show, text)}>
          {view.t.show}
        </a>
      ) : (
        <ActionForm
          view={view}
          action={queuePath(resume)}
          fields={{ action: 'resume' }}
          kind="inline"
        >
          <button class="btn sm" type="submit" aria-label={view.t.nameOf(view.t.resume, resume)}>
            <Icon view={view} name="play" />
            {view.t.resume}
          </button>
        </ActionForm>
      )}
    </li>
  )
}

/** One line of each language that pushes a job to this server. */
function FirstSteps({ view }: { view: View }) {
  const url = `tcp://${view.address}`
  const snippets = [
    ['Ruby', `FAKTORY_URL=${url} ruby -e 'require "faktory_worker_ruby"; …'`],
    [
      'Node',
      `import faktory from 'faktory-worker'\n(await faktory.connect({ url: '${url}' })).job('Hello', 1).push()`,
    ],
    [
      'Python',
      `from faktory import Client\nwith Client(faktory_url='${url}') as c: c.queue('Hello', args=[1])`,
    ],
    [
      'Go',
      `client, _ := faktory.Open() // FAKTORY_URL=${url}\nclient.Push(faktory.NewJob("Hello", 1))`,
    ],
  ] as const
  return (
    <section class="panel">
      <header>
        <h2>{view.t.nothingYet}</h2>
      </header>
      <div class="body">
        {snippets.map(([name, text]) => (
          <>
            <h3>{name}</h3>
            <pre class="json" tabindex={0}>
              {text}
            </pre>
          </>
        ))}
      </div>
    </section>
  )
}

function ServerLine({ view, server }: { view: View; server: ServerFacts }) {
  const { t, f } = view
  const facts = server.facts()
  const ready = server.health().state === 'ready'
  const number = (name: string): number => Number(facts[name] ?? 0)
  return (
    <section class="panel">
      <header class="serverline">
        <h2>{t.server}</h2>
        <Badge tone={ready ? 'ok' : 'bad'} text={ready ? t.ready : t.notReady} />
        <span class="muted">{t.upFor(f.duration(number('uptime') * 1000))}</span>
        <span class="muted">{t.connectionCount(f.number(number('connections')))}</span>
        <span class="muted">{t.commandCount(f.number(number('command_count')))}</span>
        <span class="muted">{t.rss(f.bytes(number('used_memory_mb') * 1024 * 1024))}</span>
        <span class="end">
          <a class="btn sm" href={view.href('/health')}>
            {t.health}
          </a>
        </span>
      </header>
    </section>
  )
}
