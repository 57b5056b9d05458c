import type { Kind } from './kinds.ts'

/** What may stand in a file, a flag or a variable. */
export type Plain = string | number | boolean

/** One setting: where it may be said, what it may be, and what it is for. */
export interface Setting<T> {
  /** The files' table and the key in it; the variable's name follows from both. */
  readonly table: 'server' | 'web'
  readonly key: string
  /** It decides which files are read, so no file can say it. */
  readonly notInFiles?: true
  /** FAKTORY_<KEY> says it as well. */
  readonly faktorysVariable?: true
  /** As the command line's help writes it; absent where the value must not show in a process list. */
  readonly flag?: string
  readonly kind: Kind<T>
  /** What a file would say for the same; absent where it depends on others, which `otherwise` tells. */
  readonly fallback?: Plain
  readonly otherwise?: string
  /** Never shown. */
  readonly secret?: true
  /** SIGHUP applies it; without, a new value waits for a restart. */
  readonly reloads?: true
  readonly help: string
}

/** For example JOBMILL_LOG_LEVEL, JOBMILL_WEB_BINDING. */
export function variableOf({ table, key }: Setting<unknown>): string {
  return `JOBMILL_${table === 'web' ? 'WEB_' : ''}${key.toUpperCase()}`
}

/** Faktory's name for it, or undefined. */
export function faktorysVariableOf({ key, ...one }: Setting<unknown>): string | undefined {
  return one.faktorysVariable === true ? `FAKTORY_${key.toUpperCase()}` : undefined
}

/** For example `[web] binding`; undefined where no file can say it. */
export function placeOf({ table, key, notInFiles }: Setting<unknown>): string | undefined {
  return notInFiles === true ? undefined : `[${table}] ${key}`
}

/** The name under which the command line hands a flag on: `--log-level` is logLevel. */
export function attributeOf({ flag }: Setting<unknown>): string | undefined {
  return /--([a-z-]+)/
    .exec(flag ?? '')?.[1]
    ?.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
