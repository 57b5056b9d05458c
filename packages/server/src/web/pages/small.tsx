import type { BackupEntry, ServerFacts } from '../context.ts'
import { Backups } from '../parts/backups.tsx'
import { Badge } from '../parts/badge.tsx'
import type { Page } from '../parts/layout.tsx'
import { LANGUAGES } from '../text/languages.ts'
import { COOKIES } from '../preferences.ts'
import type { View } from '../view.ts'

/** Whether the server itself is well. */
export function healthPage(view: View, server: ServerFacts, backups: readonly BackupEntry[]): Page {
  const { t, f } = view
  const health = server.health()
  const facts = server.facts()
  const text = {
    ready: () => t.storeReady,
    loading: () => t.storeLoading(String('percent' in health ? health.percent : 0)),
    unwritable: () => t.storeUnwritable('reason' in health ? health.reason : ''),
    closed: () => t.storeClosed,
  }[health.state]()
  const rows: (readonly [name: string, value: string])[] = [
    [t.version, view.version],
    [t.environment, view.environment],
    [t.server, view.address],
    [t.up, f.duration(Number(facts['uptime'] ?? 0) * 1000)],
    [t.connections, f.number(Number(facts['connections'] ?? 0))],
    [t.memory, f.bytes(Number(facts['used_memory_mb'] ?? 0) * 1024 * 1024)],
  ]
  return {
    title: t.health,
    current: '/health',
    liveMs: 5000,
    children: (
      <>
        <div class="head">
          <h1>{t.health}</h1>
        </div>
        <section class="panel slim">
          <header>
            <h2>{t.checks}</h2>
          </header>
          <dl class="facts body">
            <div>
              <dt>{t.store}</dt>
              <dd>
                <Badge tone={health.state === 'ready' ? 'ok' : 'bad'} text={text} />
              </dd>
            </div>
            {rows.map(([name, value]) => (
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <Backups view={view} backups={server.backups} entries={backups} />
      </>
    ),
  }
}

/** How the pages look for one person: cookies, set by a form. */
export function preferencesPage(view: View): Page {
  const { t, preferences } = view
  const choices = {
    theme: [
      ['auto', t.themeAuto],
      ['light', t.themeLight],
      ['dark', t.themeDark],
    ],
    times: [
      ['relative', t.timesRelative],
      ['utc', t.timesUtc],
      ['local', t.timesLocal],
    ],
    language: LANGUAGES.map(({ code, text }) => [code, text.language]),
    keys: [
      ['on', t.keysUse],
      ['off', '—'],
    ],
  } as const
  const chosen = {
    theme: preferences.theme,
    times: preferences.times,
    language: preferences.language.code,
    keys: preferences.keys ? 'on' : 'off',
  }
  const names = { theme: t.theme, times: t.times, language: t.languageLabel, keys: t.keys }
  return {
    title: t.preferences,
    children: (
      <>
        <div class="head">
          <h1>{t.preferences}</h1>
        </div>
        <section class="panel slim">
          <form class="body fields top-space" method="post" action={view.href('/preferences')}>
            <input type="hidden" name="csrf" value={view.token} />
            <input type="hidden" name={COOKIES.timeZone} value="" data-time-zone />
            {(['theme', 'times', 'language', 'keys'] as const).map((key) => (
              <label>
                <span>{names[key]}</span>
                <select class="input" name={COOKIES[key]}>
                  {choices[key].map(([value = '', text = '']) => (
                    <option value={value} selected={value === chosen[key]}>
                      {text}
                    </option>
                  ))}
                </select>
              </label>
            ))}
            <button class="btn primary" type="submit">
              {t.save}
            </button>
          </form>
        </section>
      </>
    ),
  }
}

/** The keys. */
export function helpPage(view: View): Page {
  const { t } = view
  const keys = [
    ['?', t.keyHelp],
    ['/', t.keyFind],
    ['g o q b s r d h', t.keyGo],
    ['j k', t.keyRows],
    ['x', t.keyTick],
    ['Enter', t.keyOpen],
    ['n p', t.keyPages],
    ['r', t.keyFresh],
    ['l', t.keyLive],
    ['t', t.keyTheme],
    ['Esc', t.keyEscape],
  ] as const
  return {
    title: t.shortcuts,
    children: (
      <>
        <div class="head">
          <h1>{t.shortcuts}</h1>
        </div>
        <section class="panel slim">
          <dl class="facts body top-space">
            {keys.map(([key, text]) => (
              <div>
                <dt>
                  {key.split(' ').map((one) => (
                    <kbd>{one}</kbd>
                  ))}
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      </>
    ),
  }
}

/** A page that only says something. */
export function messagePage(
  view: View,
  title: string,
  more: string,
  links: readonly (readonly [path: string, text: string])[] = [],
): Page {
  return {
    title,
    children: (
      <>
        <div class="head">
          <h1>{title}</h1>
        </div>
        <p>{more}</p>
        <ul>
          {links.map(([path, text]) => (
            <li>
              <a href={view.href(path)}>{text}</a>
            </li>
          ))}
        </ul>
      </>
    ),
  }
}
