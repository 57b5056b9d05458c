import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import type { Durability } from '../store/embedded/messages.ts'

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]
export const DURABILITIES: readonly Durability[] = ['full', 'strict', 'relaxed']

/** Flags as they were given; absent ones undefined. */
export interface Flags {
  readonly binding?: string
  readonly webBinding?: string
  readonly environment?: string
  readonly logLevel?: string
  readonly data?: string
  readonly config?: string
  readonly durability?: string
  readonly memory?: string
}

export interface Settings {
  readonly bindings: readonly Address[]
  /** Empty: no pages. */
  readonly webBindings: readonly Address[]
  readonly environment: Environment
  readonly logLevel: LogLevel
  readonly dataFolder: string
  readonly durability: Durability
  readonly memoryBytes: number
  /** '' for none. */
  readonly password: string
}

export interface Address {
  /** '' for every address. */
  readonly host: string
  readonly port: number
}

/** All that is wrong with the settings, a line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

type Variables = Readonly<Record<string, string | undefined>>

const MIB = 1024 * 1024

/**
 * Settings from flags, variables and defaults, in this order. Throws SettingsError with all problems
 * at once. @param home the user's home folder
 */
export function readSettings(flags: Flags, variables: Variables, home = homedir()): Settings {
  const problems: string[] = []
  const ours = (name: string): string | undefined =>
    variables[`JOBMILL_${name}`] ?? variables[`FAKTORY_${name}`]
  const oneOf = <T extends string>(what: string, text: string, allowed: readonly T[]): T => {
    const found = allowed.find((each) => each === text)
    if (found === undefined) problems.push(`${what} is "${text}": it must be ${allowed.join(', ')}`)
    return found ?? (allowed[0] as T)
  }
  const environment = oneOf(
    'the environment (-e)',
    flags.environment ?? ours('ENV') ?? 'development',
    ENVIRONMENTS,
  )
  const password = readPassword(ours('PASSWORD'), problems)
  const skip = ['1', 'true', 'yes'].includes(ours('SKIP_PASSWORD') ?? '')
  if (password === '' && environment !== 'development' && !skip) {
    problems.push(
      `${environment} needs a password: set JOBMILL_PASSWORD (or FAKTORY_PASSWORD) to it, ` +
        'or to the path of a file that holds it',
    )
  }
  const memory = flags.memory ?? variables['JOBMILL_MEMORY'] ?? '64'
  const memoryMib = Number(memory)
  if (!(memoryMib >= 1 && memoryMib <= 1_000_000)) {
    problems.push(`--memory is "${memory}": it must be a number of MiB, 1 or more`)
  }
  const settings: Settings = {
    bindings: parseBinding('-b', flags.binding ?? 'localhost:7419', problems),
    webBindings:
      flags.webBinding === ':0'
        ? []
        : parseBinding('-w', flags.webBinding ?? 'localhost:7420', problems),
    environment,
    logLevel: oneOf(
      'the log level (-l)',
      flags.logLevel ?? variables['JOBMILL_LOG_LEVEL'] ?? 'info',
      ['info', ...LOG_LEVELS.filter((level) => level !== 'info')],
    ),
    dataFolder: flags.data ?? variables['JOBMILL_DATA'] ?? dataFolder(environment, home),
    durability: oneOf(
      '--durability',
      flags.durability ?? variables['JOBMILL_DURABILITY'] ?? 'full',
      DURABILITIES,
    ),
    memoryBytes: memoryMib * MIB,
    password,
  }
  if (problems.length > 0) throw new SettingsError(problems)
  return settings
}

/** Ours, unless Faktory's exists and ours does not. */
export function dataFolder(environment: Environment, home = homedir()): string {
  const [mine, theirs] =
    environment === 'development'
      ? [join(home, '.jobmill', 'db'), join(home, '.faktory', 'db')]
      : ['/var/lib/jobmill/db', '/var/lib/faktory/db']
  if (existsSync(join(mine, 'jobmill.db'))) return mine
  return existsSync(join(theirs, 'jobmill.db')) || (existsSync(theirs) && !existsSync(mine))
    ? theirs
    : mine
}

/** A value, or the path of a file that holds it; one final newline is not part of it. */
function readPassword(value: string | undefined, problems: string[]): string {
  if (value === undefined || !value.startsWith('/')) return value ?? ''
  try {
    return readFileSync(value, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    problems.push(`the password file ${value} cannot be read: ${(error as Error).message}`)
    return ''
  }
}

/** `localhost` means both loopback addresses, `:port` every address. */
export function parseBinding(flag: string, text: string, problems: string[]): Address[] {
  const match = /^(.*):(\d+)$/.exec(text)
  const port = Number(match?.[2])
  if (match === null || port > 65_535) {
    problems.push(`${flag} is "${text}": it must be host:port, for example localhost:7419 or :7419`)
    return []
  }
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1')
  if (host !== 'localhost') return [{ host, port }]
  return [{ host: '127.0.0.1', port }, ...(hasIpv6() ? [{ host: '::1', port }] : [])]
}

function hasIpv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8').includes('00000000000000000000000000000001')
  } catch {
    return false
  }
}
