import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { assetPath } from '../assets.ts'
import { clockTime } from '../text/format.ts'
import type { View } from '../view.ts'
import { Icon, type IconName } from './icon.tsx'
import { visible } from './json.tsx'

interface Entry {
  readonly path: string
  readonly icon: IconName
  readonly name: string
  readonly count?: number | undefined
}

export interface Page {
  readonly title: string
  /** The menu entry that is lit; undefined for none. */
  readonly current?: string
  /** Milliseconds between two live updates; undefined for none. */
  readonly liveMs?: number
  readonly children: Child
}

/** A whole document. */
export function layout(view: View, page: Page) {
  const { preferences } = view
  const { language, theme, live, keys } = preferences
  return html`<!doctype html>${(
      <html
        lang={language.code}
        dir={language.dir}
        data-theme={theme === 'auto' ? undefined : theme}
        data-keys={keys ? 'on' : undefined}
        data-base={view.prefix}
      >
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{visible(`${page.title} · ${view.title}`)}</title>
          <link rel="icon" href={view.href(assetPath('icon.svg'))} type="image/svg+xml" />
          <link rel="stylesheet" href={view.href(assetPath('jobmill.css'))} />
          <script type="module" src={view.href(assetPath('jobmill.js'))}></script>
          {view.query('refresh') === '' ? null : (
            <meta http-equiv="refresh" content={String(refreshSeconds(view))} />
          )}
        </head>
        <body>
          <a class="skip" href="#main">
            {view.t.skip}
          </a>
          <Top view={view} page={page} />
          <Side view={view} page={page} />
          <main
            class="main"
            id="main"
            tabindex={-1}
            data-live={live && page.liveMs !== undefined ? page.liveMs : undefined}
            data-morph={view.href(assetPath('idiomorph.js'))}
          >
            {view.flash === undefined ? null : (
              <p class="flash" role="status">
                <Icon view={view} name="check" />
                <span>{visible(view.flash)}</span>
              </p>
            )}
            {page.children}
          </main>
        </body>
      </html>
    )}`
}

const refreshSeconds = (view: View): number =>
  Math.min(3600, Math.max(2, Number(view.query('refresh')) || 10))

function Top({ view, page }: { view: View; page: Page }) {
  const { t, preferences } = view
  return (
    <header class="top">
      <a class="brand narrow" href={view.href('/')} aria-label={`${view.title}, ${t.overview}`}>
        <Icon view={view} name="mark" kind="mark" />
      </a>
      <form class="find" role="search" aria-label={t.allJobs} action={view.href('/search')}>
        <Icon view={view} name="search" />
        <input
          type="search"
          name="q"
          value={view.path === '/search' ? view.query('q') : ''}
          aria-label={t.findLabel}
          placeholder={t.findHint}
          autocomplete="off"
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
      <div class="end">
        {page.liveMs === undefined ? null : (
          <a
            class="btn ghost scripted"
            data-live-toggle
            href={view.here({ live: preferences.live ? 'off' : 'on' })}
            aria-label={preferences.live ? t.liveOn : t.liveOff}
          >
            <span class={preferences.live ? 'live' : 'live off'}>
              {preferences.live ? t.live : t.paused}
            </span>
          </a>
        )}
        {page.liveMs === undefined ? null : <Refresh view={view} />}
        <a class="btn ghost" href={view.href('/preferences')} aria-label={t.preferences}>
          <Icon view={view} name="theme" />
        </a>
        <a class="btn ghost wide" href={view.href('/help')} aria-label={t.shortcuts} data-help>
          <Icon view={view} name="help" />
        </a>
      </div>
      <p class="offline" role="status" hidden data-text={t.notConnected}></p>
    </header>
  )
}

/** What stands for live updates where no script runs: the browser loads the page again. */
function Refresh({ view }: { view: View }) {
  const { t } = view
  const on = view.query('refresh') !== ''
  return (
    <noscript>
      <a
        class="btn ghost"
        href={view.here({ refresh: on ? undefined : 10 })}
        aria-label={on ? t.liveOn : t.liveOff}
      >
        <span class={on ? 'live' : 'live off'}>{on ? t.live : t.paused}</span>
      </a>
    </noscript>
  )
}

function Side({ view, page }: { view: View; page: Page }) {
  const { t, stats } = view
  let waiting = 0
  for (const size of stats?.queues.values() ?? []) waiting += size
  const groups: readonly { name: string; entries: readonly Entry[] }[] = [
    { name: '', entries: [{ path: '/', icon: 'overview', name: t.overview }] },
    {
      name: t.jobs,
      entries: [
        {
          path: '/queues',
          icon: 'queues',
          name: t.queues,
          count: stats === undefined ? undefined : waiting,
        },
        { path: '/busy', icon: 'busy', name: t.busy, count: stats?.working },
        { path: '/scheduled', icon: 'clock', name: t.scheduled, count: stats?.scheduled },
        { path: '/retries', icon: 'retry', name: t.retries, count: stats?.retries },
        { path: '/morgue', icon: 'dead', name: t.dead, count: stats?.dead },
      ],
    },
    {
      name: t.insight,
      entries: [
        { path: '/errors', icon: 'error', name: t.errors },
        { path: '/charts', icon: 'chart', name: t.metrics },
        { path: '/search', icon: 'search', name: t.search },
      ],
    },
    {
      name: t.control,
      entries: [
        { path: '/actions', icon: 'check', name: t.actions },
        { path: '/health', icon: 'health', name: t.health },
      ],
    },
  ]
  return (
    <aside class="side" aria-label={view.title}>
      <a class="brand" href={view.href('/')}>
        <Icon view={view} name="mark" kind="mark" />
        {view.title}
        <span class="env">{view.environment}</span>
      </a>
      <nav class="nav" aria-label={t.mainMenu} id="nav">
        {groups.map(({ name, entries }) => (
          <div class="grp">
            {name === '' ? null : <h2>{name}</h2>}
            <ul>
              {entries.map((entry) => (
                <li>
                  <a
                    href={view.href(entry.path)}
                    aria-current={page.current === entry.path ? 'page' : undefined}
                  >
                    <Icon view={view} name={entry.icon} />
                    {entry.name}
                    {entry.count === undefined ? null : (
                      <span class="n">{view.f.number(entry.count)}</span>
                    )}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <footer>
        <p>
          {`Jobmill ${view.version}`}
          {view.mayAct ? null : ` · ${t.readOnly}`}
        </p>
        <p>{view.address}</p>
        <p id="clock">{t.utc(clockTime(view.nowMs, 'UTC').slice(11))}</p>
      </footer>
    </aside>
  )
}
