import { LOG_LEVELS, type LogLevel } from '../log.ts'
import type { Durability } from '../store/embedded/messages.ts'
import { parseBinding, type Address } from './bindings.ts'

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]
const DURABILITIES: readonly Durability[] = ['full', 'strict', 'relaxed']

const MIB = 1024 * 1024

/** One setting: where it may be said, and how it is read. */
export interface Setting<T> {
  /** As the command line's help writes it; absent where the value must not show in a process list. */
  readonly flag?: string
  /** After JOBMILL_, or FAKTORY_ where `faktorys` says that Faktory knows it. */
  readonly variable: string
  readonly faktorys?: true
  /** Absent: depends on others. */
  readonly fallback?: string
  readonly help: string
  /** Throws RangeError with what it must be. */
  readonly parse: (text: string) => T
}

const setting = <T>(one: Setting<T>): Setting<T> => one

const oneOf =
  <T extends string>(allowed: readonly T[]) =>
  (text: string): T => {
    const found = allowed.find((each) => each === text)
    if (found === undefined) throw new RangeError(`it must be ${allowed.join(', ')}`)
    return found
  }

function parseMemory(text: string): number {
  const mib = Number(text)
  if (!(mib >= 1 && mib <= 1_000_000)) throw new RangeError('it must be a number of MiB, 1 or more')
  return mib * MIB
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** @returns ms; 0: off */
function parseEvery(text: string): number {
  if (text === 'off') return 0
  const [, count, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  const everyMs = Number(count) * (UNITS_MS[unit] ?? 0)
  if (everyMs > 0) return everyMs
  throw new RangeError('it must be a time such as 90s, 30m or 1h, or off')
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new RangeError('it must be a whole number, 1 or more')
}

function notEmpty(text: string): string {
  if (text === '') throw new RangeError('it must not be empty')
  return text
}

const isYes = (text: string): boolean => ['1', 'true', 'yes'].includes(text.toLowerCase())

/** Every setting, once: the command line, the variables and the help come from here. */
export const SETTINGS = {
  binding: setting<Address[]>({
    flag: '-b, --binding <host:port>',
    variable: 'BINDING',
    fallback: 'localhost:7419',
    help: 'where clients connect; :7419 is every address',
    parse: parseBinding,
  }),
  webBinding: setting<Address[]>({
    flag: '-w, --web-binding <host:port>',
    variable: 'WEB_BINDING',
    fallback: 'localhost:7420',
    help: 'HTTP; :0 turns it off',
    parse: (text) => (text === ':0' ? [] : parseBinding(text)),
  }),
  data: setting<string>({
    flag: '-d, --data <folder>',
    variable: 'DATA',
    help: 'where jobs are kept',
    parse: notEmpty,
  }),
  config: setting<string>({
    flag: '-c, --config <folder>',
    variable: 'CONFIG',
    help: 'configuration: a file named password in it is read outside development',
    parse: notEmpty,
  }),
  environment: setting<Environment>({
    flag: '-e, --environment <name>',
    variable: 'ENV',
    faktorys: true,
    fallback: 'development',
    help: ENVIRONMENTS.join(', '),
    parse: oneOf(ENVIRONMENTS),
  }),
  logLevel: setting<LogLevel>({
    flag: '-l, --log-level <level>',
    variable: 'LOG_LEVEL',
    fallback: 'info',
    help: LOG_LEVELS.join(', '),
    parse: oneOf(LOG_LEVELS),
  }),
  durability: setting<Durability>({
    flag: '--durability <mode>',
    variable: 'DURABILITY',
    fallback: 'full',
    help: `${DURABILITIES.join(', ')}: what is on disk before a reply`,
    parse: oneOf(DURABILITIES),
  }),
  memory: setting<number>({
    flag: '--memory <MiB>',
    variable: 'MEMORY',
    fallback: '32',
    help: 'for waiting jobs; past it they are read back from disk',
    parse: parseMemory,
  }),
  backupEvery: setting<number>({
    flag: '--backup-every <time>',
    variable: 'BACKUP_EVERY',
    help: 'how often the data is backed up, for example 30m, or off (default: 1h in production, else off)',
    parse: parseEvery,
  }),
  backupKeep: setting<number>({
    flag: '--backup-keep <count>',
    variable: 'BACKUP_KEEP',
    fallback: '24',
    help: 'how many backups stay; older ones are removed',
    parse: parseCount,
  }),
  password: setting<string>({
    variable: 'PASSWORD',
    faktorys: true,
    help: 'the password, or the path of a file that holds it',
    parse: (text) => text,
  }),
  webPassword: setting<string>({
    variable: 'WEB_PASSWORD',
    help: 'the same for HTTP, where it is to differ',
    parse: (text) => text,
  }),
  skipPassword: setting<boolean>({
    variable: 'SKIP_PASSWORD',
    faktorys: true,
    fallback: '',
    help: 'yes: none is needed outside development',
    parse: isYes,
  }),
} as const

export type SettingName = keyof typeof SETTINGS
export type ValueOf<N extends SettingName> =
  (typeof SETTINGS)[N] extends Setting<infer T> ? T : never
