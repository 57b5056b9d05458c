import { distance } from 'fastest-levenshtein'
import { variableOf, placeOf, type Setting } from './setting.ts'
import { SETTINGS } from './table.ts'

const ALL: readonly Setting<unknown>[] = Object.values(SETTINGS)
const IN_FILES = ALL.filter((one) => placeOf(one) !== undefined)
const keysOf = (settings: readonly Setting<unknown>[]): string[] => settings.map(({ key }) => key)

/** Tables that Faktory, its Enterprise edition or plug-ins write, and what becomes of them here. */
const FAKTORYS_TABLES: ReadonlyMap<string, string> = new Map([
  ['cron', 'this version has no cron yet'],
  ['cron_defaults', 'this version has no cron yet'],
  ['throttles', 'this version has no throttles yet'],
  ['statsd', 'this version does not send to statsd yet'],
  ['queues', 'Faktory does not read it either'],
  ['security', 'it is so in Faktory too; let a front such as haproxy, nginx or stunnel end TLS'],
])

/** Variables that Faktory takes, and what has become of them here. */
const FAKTORYS_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['FAKTORY2_PREVIEW', 'it has no effect, as in Faktory'],
  ['FAKTORY_BACKUP_FREQUENCY', 'it has no effect, as in Faktory since 0.9'],
])

/** Past so many typing mistakes a name means something else. */
const MISTAKES_MAX = 2

/** What to say about a table, list of tables or single key that no setting has. */
export function unknownTable(name: string): string {
  const told = FAKTORYS_TABLES.get(name)
  if (told !== undefined) return `[${name}] is ignored: ${told}`
  const tables = ['server', 'faktory', 'web', ...FAKTORYS_TABLES.keys()]
  const near = nearest(name, tables)
  return `there is no table [${name}]: it is ignored${hint(near, (one) => `[${one}]`)}`
}

export function unknownKey(table: string, key: string): string {
  const here = IN_FILES.filter((one) => (one.table === 'web') === (table === 'web'))
  const near = nearest(key, keysOf(here))
  return `there is no [${table}] ${key}: it is ignored${hint(near, (one) => `[${table}] ${one}`)}`
}

/** A key above all tables. */
export function homelessKey(key: string): string {
  const near = nearest(key, keysOf(IN_FILES))
  const places = IN_FILES.filter((one) => one.key === near).map(placeOf)
  return `${key} stands above all tables: it is ignored${hint(near, () => places.join(' or '))}`
}

/** A sentence each. Only what is close to a known name: others may be a platform's or a client's. */
export function strangeVariables(names: readonly string[]): string[] {
  const known = ALL.map(variableOf)
  return names.flatMap((name) => {
    const told = FAKTORYS_VARIABLES.get(name)
    if (told !== undefined) return [`${name} is set: ${told}`]
    if (!name.startsWith('JOBMILL_') || known.includes(name)) return []
    const near = nearest(name, known, MISTAKES_MAX)
    return near === undefined ? [] : [`there is no variable ${name}: ${near} is meant?`]
  })
}

const hint = (near: string | undefined, show: (one: string) => string): string =>
  near === undefined ? '' : `; the nearest known one is ${show(near)}`

/** @param most mistakes in typing; past it, undefined */
export function nearest(
  name: string,
  known: readonly string[],
  most = Infinity,
): string | undefined {
  const ranked = known
    .map((one) => ({ one, mistakes: distance(name.toLowerCase(), one.toLowerCase()) }))
    .toSorted((a, b) => a.mistakes - b.mistakes)
  return ranked.find(({ mistakes }) => mistakes <= most)?.one
}
