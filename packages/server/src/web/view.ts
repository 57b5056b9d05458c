import type { Stats } from '../store/store.ts'
import type { Caller, Role } from './guard/caller.ts'
import type { Language } from './text/languages.ts'
import type { Text } from './text/en.ts'
import type { Format } from './text/format.ts'

export type Theme = 'auto' | 'light' | 'dark'
export type Times = 'relative' | 'utc' | 'local'

/** How a person wants the pages, by cookies. */
export interface Preferences {
  readonly language: Language
  readonly theme: Theme
  readonly times: Times
  /** IANA name, of the `local` times. */
  readonly timeZone: string
  readonly live: boolean
  readonly keys: boolean
}

interface ViewFacts {
  readonly caller: Caller
  readonly preferences: Preferences
  readonly prefix: string
  readonly url: URL
  /** Without the prefix. */
  readonly path: string
  readonly token: string
  readonly nowMs: number
  readonly environment: string
  readonly title: string
  readonly version: string
  readonly address: string
  /** Undefined while data is loading. */
  readonly stats: Stats | undefined
  readonly flash: string | undefined
  readonly isLost: (wid: string) => boolean
}

/** A query; undefined and '' members are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** What every page of one request knows: who looks, in which language, from where. */
export class View {
  readonly #facts: ViewFacts

  constructor(facts: ViewFacts) {
    this.#facts = facts
  }

  get t(): Text {
    return this.#facts.preferences.language.text
  }

  get f(): Format {
    return this.#facts.preferences.language.format
  }

  get role(): Role {
    return this.#facts.caller.role
  }

  get mayAct(): boolean {
    return this.role === 'admin'
  }

  get user(): string {
    return this.#facts.caller.user
  }

  get caller(): Caller {
    return this.#facts.caller
  }

  get preferences(): Preferences {
    return this.#facts.preferences
  }

  get token(): string {
    return this.#facts.token
  }

  get nowMs(): number {
    return this.#facts.nowMs
  }

  get environment(): string {
    return this.#facts.environment
  }

  get title(): string {
    return this.#facts.title || 'Jobmill'
  }

  get version(): string {
    return this.#facts.version
  }

  get address(): string {
    return this.#facts.address
  }

  get stats(): Stats | undefined {
    return this.#facts.stats
  }

  get flash(): string | undefined {
    return this.#facts.flash
  }

  /** A worker is gone, and what it holds is lost to it. */
  isLost(wid: string): boolean {
    return this.#facts.isLost(wid)
  }

  get path(): string {
    return this.#facts.path
  }

  /** '' or the path under which a proxy shows the pages. */
  get prefix(): string {
    return this.#facts.prefix
  }

  query(name: string): string {
    return this.#facts.url.searchParams.get(name) ?? ''
  }

  /** A link that works under any prefix. */
  href(path: string, query: Query = {}): string {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') search.set(name, String(value))
    }
    const text = search.toString()
    if (text === '') return `${this.#facts.prefix}${path}`
    return `${this.#facts.prefix}${path}${path.includes('?') ? '&' : '?'}${text}`
  }

  /** This page with some of its query changed. */
  here(changes: Query): string {
    const query = Object.fromEntries(this.#facts.url.searchParams)
    delete query['flash']
    return this.href(this.#facts.path, { ...query, ...changes })
  }
}
