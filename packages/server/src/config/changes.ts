import { isDeepStrictEqual } from 'node:util'
import { placeIn } from './sayings.ts'
import { placeOf, variableOf, type Setting } from './setting.ts'
import type { Configuration } from './settings.ts'
import { SETTING_NAMES, SETTINGS } from './table.ts'

export type AllTold = Configuration['told']

/** What a second look at the configuration found. */
export interface Changes {
  /** What counts from now on. */
  readonly running: AllTold
  /** A sentence for each setting that changes now. */
  readonly applied: readonly string[]
  /** A sentence for each that differs from what runs, and waits for a restart. */
  readonly waiting: readonly string[]
}

/** What of `next` takes the place of what runs, and what has to wait. */
export function changesBetween(running: AllTold, next: AllTold): Changes {
  const differing = SETTING_NAMES.filter(
    (name) => !isDeepStrictEqual(running[name].value, next[name].value),
  )
  const isApplied = (name: (typeof differing)[number]): boolean =>
    (SETTINGS[name] as Setting<unknown>).reloads === true
  const sentence = (name: (typeof differing)[number]): string => {
    const setting: Setting<unknown> = SETTINGS[name]
    const what = placeOf(setting) ?? variableOf(setting)
    const { shown, origin } = next[name]
    const before = running[name].shown
    // Two passwords look the same.
    return `${what}: ${before === shown ? 'a new one' : `${before} → ${shown}`} (${placeIn(origin)})`
  }
  const applied = differing.filter(isApplied)
  return {
    // Names and values come from the same table, which fromEntries forgets.
    running: { ...running, ...Object.fromEntries(applied.map((name) => [name, next[name]])) },
    applied: applied.map(sentence),
    waiting: differing.filter((name) => !isApplied(name)).map(sentence),
  }
}
