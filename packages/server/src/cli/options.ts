import type { Command } from 'commander'
import { faktorysVariableOf, variableOf, type Setting } from '../config/setting.ts'
import { readConfiguration, type Configuration, type Flags } from '../config/settings.ts'
import { SETTINGS } from '../config/table.ts'

/** 0 done · 1 failed, refused, or `check` found something · 2 wrong usage or settings. */
export type ExitCode = 0 | 1 | 2

/** One run of the command: how it ends, unless it throws. */
export interface Run {
  code: ExitCode
}

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS)
/** What readDataFolder needs to know. */
export const FOLDER_SETTINGS = [SETTINGS.dataFolder, SETTINGS.environment, SETTINGS.configFolder]

/** Adds the flags of settings, those that have one. */
export function withOptions(command: Command, settings: readonly Setting<unknown>[]): Command {
  for (const one of settings) if (one.flag !== undefined) command.option(one.flag, helpOf(one))
  return command
}

/** One source for this and docs/configuration.md. */
function helpOf({ help, kind, fallback, otherwise }: Setting<unknown>): string {
  const allowed = kind.isPlain === true ? '' : `: ${kind.allowed}`
  const standard = fallback === false ? undefined : (fallback ?? otherwise)
  return help + allowed + (standard === undefined ? '' : ` (default: ${standard})`)
}

/** Looks again at files and variables each time; the flags stay. */
export const reading = (flags: Flags) => (): Configuration => readConfiguration(flags, process.env)

export function variablesHelp(): string {
  const withFlag = ALL_SETTINGS.filter(({ flag }) => flag !== undefined)
  const others = ALL_SETTINGS.filter(({ flag }) => flag === undefined)
  const faktorys = ALL_SETTINGS.map(faktorysVariableOf).filter((name) => name !== undefined)
  const lines = [
    `Each option is a variable too: ${withFlag.map(variableOf).join(', ')}.`,
    'Variables alone:',
    ...others.map((one) => `  ${variableOf(one).padEnd(22)} ${one.help}`),
    `Faktory's names work as well: ${faktorys.join(', ')}.`,
    'Files: conf.d/*.toml in the configuration folder; jobmill config show tells what counts, and why.',
  ]
  return `\n${lines.join('\n')}`
}
