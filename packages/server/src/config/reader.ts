import * as v from 'valibot'
import { strangeVariables } from './known.ts'
import { faultOf, placeIn, readSayings, type Origin, type Saying, type Sayings } from './sayings.ts'
import type { Found } from './files.ts'
import { attributeOf, faktorysVariableOf, variableOf, type Plain, type Setting } from './setting.ts'
import { SETTINGS, type SettingName, type ValueOf } from './table.ts'

/** As commander hands them on: by the long name, `--log-level` as logLevel. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>
export type Variables = Readonly<Record<string, string | undefined>>

/** A setting's value, as it was written, and by whom. */
export interface Told<T> {
  readonly value: T
  readonly shown: string
  readonly origin: Origin
}

/** Finds what was said about each setting, the strongest word first, and gathers all complaints. */
export class Reader {
  readonly problems: string[] = []
  readonly warnings: string[] = []
  readonly #flags: Flags
  readonly #variables: Variables
  #inFiles: Sayings['of'] = new Map()

  constructor(flags: Flags, variables: Variables) {
    this.#flags = flags
    this.#variables = variables
    this.warnings.push(...strangeVariables(Object.keys(variables)))
  }

  addFiles({ files, problems, warnings }: Found): void {
    const sayings = readSayings(files)
    this.#inFiles = sayings.of
    this.problems.push(...problems, ...sayings.problems)
    this.warnings.push(...warnings, ...sayings.warnings)
  }

  /** What was said, or the default. @param standard the default of a setting whose table has none */
  told<N extends SettingName>(
    name: N,
    standard: Plain = (SETTINGS[name] as Setting<unknown>).fallback ?? '',
  ): Told<ValueOf<N>> {
    return (
      this.said(name) ?? {
        value: this.#parse(name, standard),
        shown: String(standard),
        origin: { kind: 'default', name: 'default' },
      }
    )
  }

  /** Undefined where nothing, or nothing sensible, was said. */
  said<N extends SettingName>(name: N): Told<ValueOf<N>> | undefined {
    const saying = this.#find(name)
    if (saying === undefined) return undefined
    const { value, origin } = saying
    const fault = faultOf(SETTINGS[name], value)
    if (fault === undefined) {
      const parsed = this.#parse(name, value)
      // A flag's "yes" is a file's true.
      return { value: parsed, shown: String(typeof parsed === 'boolean' ? parsed : value), origin }
    }
    const problem = `${placeIn(origin)} ${fault}`
    if (!this.problems.includes(problem)) this.problems.push(problem)
    return undefined
  }

  #parse<N extends SettingName>(name: N, value: unknown): ValueOf<N> {
    // Each entry of the table parses to its own type, which the compiler cannot join with its name.
    return v.parse(SETTINGS[name].kind.schema, value) as ValueOf<N>
  }

  #find(name: SettingName): Saying | undefined {
    const setting: Setting<unknown> = SETTINGS[name]
    const given = this.#flags[attributeOf(setting) ?? '']
    if (given !== undefined) {
      const flag = setting.flag?.split(/[, ]/)[0] ?? name
      return { value: given, origin: { kind: 'flag', name: flag } }
    }
    return this.#inVariables(setting) ?? this.#inFiles.get(name)?.at(-1)
  }

  #inVariables(setting: Setting<unknown>): Saying | undefined {
    const ours = this.#variable(setting, variableOf(setting))
    const theirs = this.#variable(setting, faktorysVariableOf(setting))
    if (ours !== undefined && theirs !== undefined && ours.value !== theirs.value) {
      const both = `${ours.origin.name} and ${theirs.origin.name} differ: the first counts`
      if (!this.warnings.includes(both)) this.warnings.push(both)
    }
    return ours ?? theirs
  }

  /** An empty variable says nothing, but of a password: there is none. */
  #variable({ secret }: Setting<unknown>, name: string | undefined): Saying | undefined {
    const value = name === undefined ? undefined : this.#variables[name]
    if (name === undefined || value === undefined) return undefined
    if (value === '' && secret !== true) return undefined
    return { value, origin: { kind: 'variable', name } }
  }
}
