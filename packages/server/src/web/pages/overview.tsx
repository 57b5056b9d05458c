import type { ServerFacts } from '../context.ts'
import type { Need, Overview } from '../facts/overview.ts'
import { Badge } from '../parts/badge.tsx'
import { Empty } from '../parts/empty.tsx'
import { ActionForm } from '../parts/form.tsx'
import { Icon, type IconName } from '../parts/icon.tsx'
import type { Page } from '../parts/layout.tsx'
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
        </div>
        {isNew && stats.working + stats.dead === 0 && queues.length === 0 ? (
          <FirstSteps view={view} />
        ) : (
          <Needs view={view} facts={facts} waiting={waiting} />
        )}
        <dl class="kpis">
          <Figure view={view} name={t.processed} value={stats.processed} more={t.since} />
          <Figure view={view} name={t.failed} value={stats.failures} more={t.since} />
          <Figure
            view={view}
            name={t.waiting}
            value={waiting}
            path="/queues"
            more={facts.oldestMs === undefined ? '' : t.oldestFor(f.duration(facts.oldestMs))}
          />
          <Figure
            view={view}
            name={t.busy}
            value={stats.working}
            path="/busy"
            more={t.ofWorkers(f.number(facts.workers))}
          />
          <Figure
            view={view}
            name={t.retries}
            value={stats.retries}
            path="/retries"
            more={
              facts.nextRetryMs === undefined
                ? ''
                : t.nextIn(f.duration(Math.max(0, facts.nextRetryMs - view.nowMs)))
            }
          />
          <Figure view={view} name={t.dead} value={stats.dead} path="/morgue" more="" />
        </dl>
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
            <QueueTable view={view} queues={slowest} workers={facts.workers} />
          )}
        </section>
        <ServerLine view={view} server={server} />
      </>
    ),
  }
}

function Figure({
  view,
  name,
  value,
  more,
  path,
}: {
  view: View
  name: string
  value: number
  more: string
  path?: string
}) {
  return (
    <div class="kpi">
      <dt>{path === undefined ? name : <a href={view.href(path)}>{name}</a>}</dt>
      <dd class="v">{view.f.number(value)}</dd>
      <dd class="d">{more}</dd>
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
          why={t.needNoWorkerWhy(need.size, f.duration(need.oldestMs), f)}
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
