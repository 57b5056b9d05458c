import type * as v from 'valibot'
import { LOG_LEVELS } from '../log.ts'
import type { Durability } from '../store/embedded/messages.ts'
import {
  between,
  binding,
  count,
  databaseName,
  every,
  folder,
  httpUrl,
  oneOf,
  postgresUrl,
  secret,
  text,
  words,
  yesOrNo,
} from './kinds.ts'
import type { Setting } from './setting.ts'

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]
const DURABILITIES = ['full', 'strict', 'relaxed'] as const satisfies readonly Durability[]

const MIB = 1024 * 1024

/** Infers the type of the value, and keeps the entry in shape. */
const setting = <T>(one: Setting<T>): Setting<T> => one

/**
 * Every setting, once: the command line, the variables, the files, the help, the types and the table
 * in docs/configuration.md come from here.
 */
export const SETTINGS = {
  bindings: setting({
    table: 'server',
    key: 'binding',
    flag: '-b, --binding <host:port>',
    kind: binding(),
    fallback: 'localhost:7419',
    help: 'where clients connect; :7419 is every address, port 0 a free one',
  }),
  webBindings: setting({
    table: 'web',
    key: 'binding',
    flag: '-w, --web-binding <host:port>',
    kind: binding(':0'),
    fallback: 'localhost:7420',
    reloads: true,
    help: 'HTTP; :0 turns it off',
  }),
  proxyProtocol: setting({
    table: 'server',
    key: 'proxy_protocol',
    flag: '--proxy-protocol',
    kind: yesOrNo,
    fallback: false,
    help: 'every connection begins with a PROXY header, by which a front tells the true peer',
  }),
  dataFolder: setting({
    table: 'server',
    key: 'data',
    flag: '-d, --data <folder>',
    kind: folder,
    otherwise: '~/.jobmill/db in development, else /var/lib/jobmill/db',
    help: 'where jobs are kept',
  }),
  configFolder: setting({
    table: 'server',
    key: 'config',
    notInFiles: true,
    flag: '-c, --config <folder>',
    kind: folder,
    otherwise: '~/.jobmill in development, else /etc/jobmill',
    help: 'configuration: conf.d/*.toml, and outside development a file named password',
  }),
  environment: setting({
    table: 'server',
    key: 'env',
    notInFiles: true,
    faktorysVariable: true,
    flag: '-e, --environment <name>',
    kind: oneOf(ENVIRONMENTS),
    fallback: 'development',
    help: 'decides the folders, and whether a password is needed',
  }),
  logLevel: setting({
    table: 'server',
    key: 'log_level',
    flag: '-l, --log-level <level>',
    kind: oneOf(LOG_LEVELS),
    fallback: 'info',
    reloads: true,
    help: 'what the log tells',
  }),
  durability: setting({
    table: 'server',
    key: 'durability',
    flag: '--durability <mode>',
    kind: oneOf(DURABILITIES),
    fallback: 'full',
    help: 'what is on disk before a reply',
  }),
  memoryBytes: setting({
    table: 'server',
    key: 'memory',
    flag: '--memory <MiB>',
    kind: between(1, 1_000_000, 'MiB', MIB),
    fallback: 32,
    help: 'for waiting jobs; past it they are read back from disk',
  }),
  backupEveryMs: setting({
    table: 'server',
    key: 'backup_every',
    flag: '--backup-every <time>',
    kind: every,
    otherwise: '1h in production, else off',
    help: 'how often the data is backed up',
  }),
  backupKeep: setting({
    table: 'server',
    key: 'backup_keep',
    flag: '--backup-keep <count>',
    kind: count,
    fallback: 24,
    help: 'how many backups stay; older ones are removed',
  }),
  database: setting({
    table: 'server',
    key: 'database',
    flag: '--database <url>',
    kind: postgresUrl,
    fallback: '',
    secret: true,
    help: 'postgres://… keeps jobs there, for any number of servers, instead of in the data folder',
  }),
  databaseDirect: setting({
    table: 'server',
    key: 'database_direct',
    flag: '--database-direct <url>',
    kind: postgresUrl,
    fallback: '',
    secret: true,
    help: 'the same database without the pooler that database leads through, for LISTEN',
  }),
  databaseSchema: setting({
    table: 'server',
    key: 'database_schema',
    flag: '--database-schema <name>',
    kind: databaseName,
    fallback: 'jobmill',
    help: 'the schema that holds the tables',
  }),
  password: setting({
    table: 'server',
    key: 'password',
    faktorysVariable: true,
    kind: secret,
    otherwise: 'none in development, else from the file password',
    secret: true,
    reloads: true,
    help: 'the password, or the path of a file that holds it',
  }),
  webPassword: setting({
    table: 'web',
    key: 'password',
    kind: secret,
    otherwise: 'the password',
    secret: true,
    reloads: true,
    help: 'the same for HTTP, where it is to differ',
  }),
  webReadonlyPassword: setting({
    table: 'web',
    key: 'readonly_password',
    kind: secret,
    fallback: '',
    secret: true,
    reloads: true,
    help: 'opens the pages without their buttons',
  }),
  webReadonly: setting({
    table: 'web',
    key: 'readonly',
    kind: yesOrNo,
    fallback: false,
    reloads: true,
    help: 'the pages and the JSON API change nothing',
  }),
  webUrl: setting({
    table: 'web',
    key: 'url',
    kind: httpUrl,
    fallback: '',
    reloads: true,
    help: 'the address of the pages as browsers see it, with its path',
  }),
  webTitle: setting({
    table: 'web',
    key: 'title',
    kind: text,
    fallback: '',
    reloads: true,
    help: 'the name on the pages instead of Jobmill',
  }),
  webHide: setting({
    table: 'web',
    key: 'hide',
    kind: words,
    fallback: 'password,passwd,secret,token,api_key,authorization',
    reloads: true,
    help: 'names and paths in args and custom whose values are never shown',
  }),
  recoverOrphans: setting({
    table: 'server',
    key: 'recover_orphans',
    flag: '--recover-orphans',
    kind: yesOrNo,
    fallback: false,
    reloads: true,
    help: 'jobs of workers that sent BEATs and are gone for a minute are tried again at once',
  }),
  skipPassword: setting({
    table: 'server',
    key: 'skip_password',
    faktorysVariable: true,
    flag: '--skip-password',
    kind: yesOrNo,
    fallback: false,
    help: 'none is needed outside development',
  }),
} as const

export type SettingName = keyof typeof SETTINGS
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

type KindOf<N extends SettingName> = (typeof SETTINGS)[N]['kind']
export type ValueOf<N extends SettingName> = v.InferOutput<KindOf<N>['schema']>
/** A value for every setting. */
export type Values = { readonly [N in SettingName]: ValueOf<N> }
