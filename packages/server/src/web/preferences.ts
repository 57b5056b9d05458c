import { getCookie } from 'hono/cookie'
import type { Context } from 'hono'
import type { Env } from './context.ts'
import { chooseLanguage, type Language } from './text/languages.ts'
import type { Preferences, Theme, Times } from './view.ts'

const THEMES: readonly Theme[] = ['auto', 'light', 'dark']
const TIMES: readonly Times[] = ['relative', 'utc', 'local']

/** The names of the cookies. `faktory_locale` is Faktory's. */
export const COOKIES = {
  language: 'jobmill_locale',
  theme: 'jobmill_theme',
  times: 'jobmill_times',
  timeZone: 'jobmill_tz',
  live: 'jobmill_live',
  keys: 'jobmill_keys',
} as const

export function readPreferences(c: Context<Env>, languages: readonly Language[]): Preferences {
  const said = (name: keyof typeof COOKIES): string | undefined => getCookie(c, COOKIES[name])
  return {
    language: chooseLanguage(
      [said('language'), getCookie(c, 'faktory_locale')],
      c.req.header('Accept-Language') ?? '',
      languages,
    ),
    theme: THEMES.find((one) => one === said('theme')) ?? 'auto',
    times: TIMES.find((one) => one === said('times')) ?? 'relative',
    timeZone: isTimeZone(said('timeZone')) ? (said('timeZone') ?? 'UTC') : 'UTC',
    live: said('live') !== 'off',
    keys: said('keys') !== 'off',
  }
}

function isTimeZone(name: string | undefined): boolean {
  if (name === undefined || name.length > 64) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
