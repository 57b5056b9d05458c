import * as v from 'valibot'
import type { TomlFile } from './files.ts'
import { homelessKey, unknownKey, unknownTable } from './known.ts'
import { placeOf, type Setting } from './setting.ts'
import { SETTING_NAMES, SETTINGS, type SettingName } from './table.ts'
import type { Statement } from './toml.ts'

/** Where a value came from. */
export interface Origin {
  readonly kind: 'flag' | 'variable' | 'file' | 'default'
  /** The flag, the variable or the file; for a default, what it follows. */
  readonly name: string
  /** Of a file, from 1. */
  readonly line?: number
}

/** One value that somebody gave a setting. */
export interface Saying {
  readonly value: unknown
  readonly origin: Origin
}

/** What files say. */
export interface Sayings {
  /** By setting; the last one counts. */
  readonly of: ReadonlyMap<SettingName, readonly Saying[]>
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** `name:line`, or the name alone. */
export const placeIn = ({ name, line }: Origin): string =>
  line === undefined ? name : `${name}:${line}`

/** What is wrong with a value, as the end of a sentence, or undefined. Shows no secret. */
export function faultOf({ kind, secret }: Setting<unknown>, value: unknown): string | undefined {
  if (v.is(kind.schema, value)) return undefined
  const shown = secret === true ? 'not text' : printed(value)
  return `is ${shown}: it must be ${kind.allowed}`
}

/** What files say about the settings. @param files a later one counts more */
export function readSayings(files: readonly TomlFile[]): Sayings {
  const of = new Map<SettingName, Saying[]>()
  const problems: string[] = []
  const warnings = new Set<string>()
  for (const { path, statements } of files) {
    const tablesSeen = new Set<string | number | undefined>()
    for (const statement of oursLast(statements)) {
      const at = `${path}:${statement.line}`
      const verdict = judged(statement, tablesSeen)
      if (verdict === undefined) continue
      if ('warning' in verdict) warnings.add(`${at}: ${verdict.warning}`)
      else if ('problem' in verdict) problems.push(`${at}: ${verdict.problem}`)
      else {
        const origin: Origin = { kind: 'file', name: path, line: statement.line }
        const before = of.get(verdict.name)
        of.set(verdict.name, [...(before ?? []), { value: statement.value, origin }])
        const last = before?.at(-1)
        if (last?.origin.name === path && last.value !== statement.value) {
          warnings.add(
            `${placeIn(last.origin)}: [faktory] and [${SETTINGS[verdict.name].table}] differ in ` +
              `${SETTINGS[verdict.name].key}: line ${statement.line} counts`,
          )
        }
      }
    }
  }
  return { of, problems, warnings: [...warnings] }
}

type Verdict = { name: SettingName } | { problem: string } | { warning: string }

function judged(
  { path, value }: Statement,
  tablesSeen: Set<string | number | undefined>,
): Verdict | undefined {
  const [first, second] = path
  const written = String(first)
  const table = written === 'faktory' ? 'server' : written
  const isHeader = value === undefined
  if (table !== 'server' && table !== 'web') {
    if (path.length === 1 && !isHeader && !isTableLike(value)) {
      return { warning: homelessKey(written) }
    }
    if (tablesSeen.has(first)) return undefined
    tablesSeen.add(first)
    return { warning: unknownTable(written) }
  }
  if (typeof second === 'number') {
    return isHeader
      ? { problem: `[[${written}]] is a list of tables: write [${written}]` }
      : undefined
  }
  if (second === undefined && !isHeader && !isEmptyTable(value)) {
    return { problem: `${written} is a table: write [${written}] and its keys below` }
  }
  if (isHeader || second === undefined) return undefined
  const key = path.slice(1).join('.')
  const name = SETTING_NAMES.find(
    (each) => SETTINGS[each].table === table && SETTINGS[each].key === key,
  )
  if (name === undefined) return { warning: unknownKey(written, key) }
  const setting: Setting<unknown> = SETTINGS[name]
  if (placeOf(setting) === undefined) {
    return {
      problem: `[${written}] ${key} cannot be said in a file, for it decides which files are read`,
    }
  }
  const fault = faultOf(setting, value)
  return fault === undefined ? { name } : { problem: `[${written}] ${key} ${fault}` }
}

/** In one file what we call by our name counts more. */
function oursLast(statements: readonly Statement[]): Statement[] {
  const isFaktorys = ({ path }: Statement): boolean => path[0] === 'faktory'
  return [...statements.filter(isFaktorys), ...statements.filter((one) => !isFaktorys(one))]
}

const isTableLike = (value: unknown): boolean =>
  Array.isArray(value) ? value.some((one) => isTableLike(one)) : isEmptyTable(value)

/** The parser takes tables apart, so one that is left is empty or in a list. */
const isEmptyTable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !(value instanceof Date) && !Array.isArray(value)

/** A value as a person would write it, more or less. */
function printed(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'number') return String(value)
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part,
  )
}
