import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { LogLevel } from '../log.ts'
import type { Durability } from '../store/embedded/messages.ts'
import type { Address } from './bindings.ts'
import { configFolder, dataFolder } from './folders.ts'
import { installedPassword, PasswordError, readPassword } from './password.ts'
import {
  SETTINGS,
  type Environment,
  type Setting,
  type SettingName,
  type ValueOf,
} from './table.ts'

/** Flags as they were given. */
export type Flags = { readonly [N in SettingName]?: string }
export type Variables = Readonly<Record<string, string | undefined>>

/** Complete, whatever was said or not. */
export interface Settings {
  readonly bindings: readonly Address[]
  /** Empty: no HTTP. */
  readonly webBindings: readonly Address[]
  readonly environment: Environment
  readonly logLevel: LogLevel
  /** Absolute. */
  readonly dataFolder: string
  /** Absolute. */
  readonly configFolder: string
  readonly durability: Durability
  readonly memoryBytes: number
  /** 0: no backups but those that somebody asks for. */
  readonly backupEveryMs: number
  readonly backupKeep: number
  /** '' for none. */
  readonly password: string
  /** '' for none. */
  readonly webPassword: string
  /** What looks like a mistake and stops nothing, a sentence each. */
  readonly warnings: readonly string[]
}

/** All that is wrong with the settings, a sentence each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * Settings from flags, variables and defaults, in this order. Throws SettingsError with all problems
 * at once. @param home the user's home folder
 */
export function readSettings(flags: Flags, variables: Variables, home = homedir()): Settings {
  const reader = new Reader(flags, variables)
  const environment = reader.value('environment')
  const config = resolve(reader.optional('config') ?? configFolder(environment, home))
  const password = reader.guarded(() => readPasswordOf(reader, environment, config), '')
  const settings: Settings = {
    bindings: reader.value('binding'),
    webBindings: reader.value('webBinding'),
    environment,
    logLevel: reader.value('logLevel'),
    dataFolder: reader.guarded(
      () => resolve(reader.optional('data') ?? dataFolder(environment, home)),
      '',
    ),
    configFolder: config,
    durability: reader.value('durability'),
    memoryBytes: reader.value('memory'),
    backupEveryMs: reader.optional('backupEvery') ?? (environment === 'production' ? 3_600_000 : 0),
    backupKeep: reader.value('backupKeep'),
    password,
    webPassword: reader.guarded(() => {
      const said = reader.optional('webPassword')
      return said === undefined ? password : readPassword(said)
    }, ''),
    warnings: reader.warnings,
  }
  if (reader.problems.length > 0) throw new SettingsError(reader.problems)
  return Object.freeze(settings)
}

/** The data folder alone, for a command that needs no more. Throws SettingsError. */
export function readDataFolder(flags: Flags, variables: Variables, home = homedir()): string {
  const reader = new Reader(flags, variables)
  const folder = reader.guarded(
    () => resolve(reader.optional('data') ?? dataFolder(reader.value('environment'), home)),
    '',
  )
  if (reader.problems.length > 0) throw new SettingsError(reader.problems)
  return folder
}

function readPasswordOf(reader: Reader, environment: Environment, config: string): string {
  const said = reader.optional('password')
  const needed = environment !== 'development' && !reader.value('skipPassword')
  if (said !== undefined && (said !== '' || !needed)) return readPassword(said)
  if (!needed) return ''
  const installed = said === undefined ? installedPassword(config) : undefined
  if (installed !== undefined) return installed
  throw new PasswordError(
    `${environment} needs a password: set JOBMILL_PASSWORD (or FAKTORY_PASSWORD) to it or to the path ` +
      `of a file that holds it, or write it to ${config}/password`,
  )
}

/** Finds what was said about each setting, and gathers all complaints. */
class Reader {
  readonly problems: string[] = []
  readonly warnings: string[] = []
  readonly #flags: Flags
  readonly #variables: Variables

  constructor(flags: Flags, variables: Variables) {
    this.#flags = flags
    this.#variables = variables
  }

  /** A setting that has a default. */
  value<N extends SettingName>(name: N): ValueOf<N> {
    const { fallback = '' } = SETTINGS[name] as Setting<unknown>
    const value = this.optional(name) ?? SETTINGS[name].parse(fallback)
    // Each entry of the table parses to its own type, which the compiler cannot join with its name.
    return value as ValueOf<N>
  }

  /** Undefined where nothing, or nothing sensible, was said. */
  optional<N extends SettingName>(name: N): ValueOf<N> | undefined {
    const said = this.#find(name)
    if (said === undefined) return undefined
    try {
      return SETTINGS[name].parse(said.text) as ValueOf<N>
    } catch (error) {
      this.problems.push(`${said.by} is "${said.text}": ${(error as Error).message}`)
      return undefined
    }
  }

  guarded<T>(read: () => T, otherwise: T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof PasswordError)) throw error
      this.problems.push(error.message)
      return otherwise
    }
  }

  #find(name: SettingName): { by: string; text: string } | undefined {
    const { flag, variable, faktorys }: Setting<unknown> = SETTINGS[name]
    const given = this.#flags[name]
    if (given !== undefined) return { by: flag?.split(/[, ]/)[0] ?? name, text: given }
    const ours = this.#variables[`JOBMILL_${variable}`]
    const theirs = faktorys === true ? this.#variables[`FAKTORY_${variable}`] : undefined
    if (ours !== undefined && theirs !== undefined && ours !== theirs) {
      const both = `JOBMILL_${variable} and FAKTORY_${variable} differ: the first counts`
      if (!this.warnings.includes(both)) this.warnings.push(both)
    }
    if (ours !== undefined) return { by: `JOBMILL_${variable}`, text: ours }
    return theirs === undefined ? undefined : { by: `FAKTORY_${variable}`, text: theirs }
  }
}
