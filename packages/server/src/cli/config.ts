import { readFile } from '../config/files.ts'
import { placeIn, readSayings } from '../config/sayings.ts'
import { placeOf, variableOf, type Setting } from '../config/setting.ts'
import type { Configuration } from '../config/settings.ts'
import { SETTING_NAMES, SETTINGS, type SettingName } from '../config/table.ts'

/** `jobmill config show`: each value with where it came from. @returns whether a server would start */
export function showConfig(configuration: Configuration, json: boolean): boolean {
  process.stdout.write(json ? asJson(configuration) : asText(configuration))
  return configuration.problems.length === 0
}

/** `jobmill config check`: one file, or all that a server would read. @returns whether all is well */
export function checkConfig(file: string | undefined, read: () => Configuration): boolean {
  const { problems, warnings } = file === undefined ? checkAll(read()) : checkFile(file)
  for (const warning of warnings) process.stdout.write(`warning: ${warning}\n`)
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  process.stdout.write(problems.length === 0 ? 'all is well\n' : `${count}\n`)
  return problems.length === 0
}

interface Complaints {
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

function checkFile(path: string): Complaints {
  const file = readFile(path)
  return typeof file === 'string' ? { problems: [file], warnings: [] } : readSayings([file])
}

function checkAll({ problems, settings, files }: Configuration): Complaints {
  for (const path of files) process.stdout.write(`read ${path}\n`)
  return { problems, warnings: settings.warnings }
}

const nameOf = (setting: Setting<unknown>): string => placeOf(setting) ?? variableOf(setting)

function asText({ told, files, settings, problems }: Configuration): string {
  const rows = SETTING_NAMES.map((name) => [
    nameOf(SETTINGS[name]),
    told[name].shown,
    placeIn(told[name].origin),
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = [
    ...rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')),
    '',
    ...(files.length === 0 ? [`no files in ${settings.configFolder}/conf.d`] : []),
    ...files.map((path) => `read ${path}`),
    ...settings.warnings.map((warning) => `warning: ${warning}`),
    ...problems.map((problem) => `problem: ${problem}`),
  ]
  return `${lines.join('\n')}\n`
}

function asJson({ told, files, settings, problems }: Configuration): string {
  const all = SETTING_NAMES.map((name) => {
    const { origin } = told[name]
    const { table, key } = SETTINGS[name]
    return [`${table}.${key}`, { value: plainOf(name, told[name].shown), from: origin }] as const
  })
  const { warnings } = settings
  return `${JSON.stringify({ settings: Object.fromEntries(all), files, warnings, problems }, null, 2)}\n`
}

/** In the type that a file would use. */
function plainOf(name: SettingName, shown: string): string | number | boolean {
  const { fallback } = SETTINGS[name] as Setting<unknown>
  if (typeof fallback === 'number') return Number(shown)
  return typeof fallback === 'boolean' ? shown === 'true' : shown
}
