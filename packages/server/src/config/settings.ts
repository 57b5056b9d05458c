import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readFiles } from './files.ts'
import { configFolder, dataFolder, otherConfigFolder } from './folders.ts'
import { installedPassword, PasswordError, readPassword } from './password.ts'
import { Reader, type Flags, type Told, type Variables } from './reader.ts'
import { placeIn } from './sayings.ts'
import {
  SETTING_NAMES,
  SETTINGS,
  type Environment,
  type SettingName,
  type ValueOf,
  type Values,
} from './table.ts'

export type { Flags, Told, Variables } from './reader.ts'

/** Complete, whatever was said or not. Folders are absolute; an empty password is none. */
export interface Settings extends Values {
  /** What looks like a mistake and stops nothing, a sentence each. */
  readonly warnings: readonly string[]
}

/** All that was found out about the settings. */
export interface Configuration {
  /** Defaults stand in for what has a problem. */
  readonly settings: Settings
  readonly told: { readonly [N in SettingName]: Told<ValueOf<N>> }
  /** The paths of the files that were read, the strongest last. */
  readonly files: readonly string[]
  /** With any of these no server may start. A sentence each. */
  readonly problems: readonly string[]
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
 * Settings from flags, variables, files and defaults: the first that says something counts. Never
 * throws for what people wrote. @param home the user's home folder
 */
export function readConfiguration(
  flags: Flags,
  variables: Variables,
  home = homedir(),
): Configuration {
  const { reader, environment, config, files } = open(flags, variables, home)
  const password = tellPassword(reader, environment.value, config.value)
  const plain = SETTING_NAMES.filter((name) => 'fallback' in SETTINGS[name])
  const told = {
    // Each name has the type of its value, which fromEntries forgets; those without a default follow.
    ...(Object.fromEntries(
      plain.map((name) => [name, reader.told(name)]),
    ) as Configuration['told']),
    database: withoutPassword(reader.told('database')),
    databaseDirect: withoutPassword(reader.told('databaseDirect')),
    configFolder: config,
    dataFolder: tellDataFolder(reader, environment.value, home),
    backupEveryMs: reader.said('backupEveryMs') ?? standardBackups(environment.value),
    password,
    webPassword: tellWebPassword(reader, password),
    webReadonlyPassword: readSecret(reader, reader.told('webReadonlyPassword')),
  }
  const values = Object.fromEntries(SETTING_NAMES.map((name) => [name, told[name].value])) as Values
  const settings = Object.freeze({ ...values, warnings: reader.warnings })
  return { settings, told, files, problems: reader.problems }
}

/** The data folder alone, for a command that needs no more. Throws SettingsError. */
export function readDataFolder(flags: Flags, variables: Variables, home = homedir()): string {
  const { reader, environment } = open(flags, variables, home)
  const { value } = tellDataFolder(reader, environment.value, home)
  if (reader.problems.length > 0) throw new SettingsError(reader.problems)
  return value
}

/** Reads as far as the files. */
function open(flags: Flags, variables: Variables, home: string) {
  const reader = new Reader(flags, variables)
  const environment = reader.told('environment')
  const said = reader.said('configFolder')
  const config = folderOf(said, () => configFolder(environment.value, home), home)
  if (said !== undefined && !existsSync(config.value)) {
    reader.warnings.push(`${placeIn(said.origin)} names ${config.value}, which does not exist`)
  }
  const other = said === undefined ? otherConfigFolder(environment.value, home) : undefined
  if (other !== undefined) {
    reader.warnings.push(`${other} is not read, for ${config.value} holds configuration too`)
  }
  const found = readFiles(config.value)
  reader.addFiles(found)
  return { reader, environment, config, files: found.files.map(({ path }) => path) }
}

/** Absolute. No shell has put a home folder in for the tilde of a file or a variable. */
function folderOf(said: Told<string> | undefined, otherwise: () => string, home: string) {
  const path = said?.value.replace(/^~(?=\/|$)/, home) ?? otherwise()
  const value = resolve(path)
  return { value, shown: value, origin: said?.origin ?? DEFAULT }
}

function tellDataFolder(reader: Reader, environment: Environment, home: string): Told<string> {
  try {
    return folderOf(reader.said('dataFolder'), () => dataFolder(environment, home), home)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    reader.problems.push(error.message)
    return { value: '', shown: '', origin: DEFAULT }
  }
}

const standardBackups = (environment: Environment): Told<number> =>
  environment === 'production'
    ? { value: 3_600_000, shown: '1h', origin: DEFAULT }
    : { value: 0, shown: 'off', origin: DEFAULT }

function tellPassword(reader: Reader, environment: Environment, config: string): Told<string> {
  const said = reader.said('password')
  const needed = environment !== 'development' && !reader.told('skipPassword').value
  if (said !== undefined && (said.value !== '' || !needed)) return readSecret(reader, said)
  if (!needed) return NO_PASSWORD
  const file = said === undefined ? installedPassword(config) : undefined
  if (file !== undefined) {
    const origin = { kind: 'file', name: file } as const
    return { ...readSecret(reader, { value: file, shown: file, origin }), shown: HIDDEN }
  }
  reader.problems.push(
    `${environment} needs a password: set JOBMILL_PASSWORD (or FAKTORY_PASSWORD) to it or to the path ` +
      `of a file that holds it, or write it to ${config}/password`,
  )
  return NO_PASSWORD
}

function tellWebPassword(reader: Reader, password: Told<string>): Told<string> {
  const said = reader.said('webPassword')
  if (said !== undefined) return readSecret(reader, said)
  return { ...password, origin: { kind: 'default', name: 'the password' } }
}

const DEFAULT = { kind: 'default', name: 'default' } as const
const HIDDEN = '********'
const NO_PASSWORD: Told<string> = { value: '', shown: '(none)', origin: DEFAULT }

/** Where a database is may be shown, how to get in may not. */
const withoutPassword = (told: Told<string>): Told<string> => ({
  ...told,
  shown: told.shown
    .replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, `$1:${HIDDEN}@`)
    .replace(/([?&]password=)[^&]*/, `$1${HIDDEN}`),
})

/** A path may be shown, what it holds may not. */
function readSecret(reader: Reader, { value, origin }: Told<string>): Told<string> {
  const shown = value === '' ? '(none)' : value.startsWith('/') ? `in ${value}` : HIDDEN
  try {
    return { value: readPassword(value), shown, origin }
  } catch (error) {
    if (!(error instanceof PasswordError)) throw error
    reader.problems.push(`${placeIn(origin)}: ${error.message}`)
    return { value: '', shown, origin }
  }
}
