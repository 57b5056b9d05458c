import type { Log } from '../log.ts'
import type { Activity } from '../activity/activity.ts'
import type { Clock } from '../clock.ts'
import type { Store, StoreHealth } from '../store/store.ts'
import type { Language } from './text/languages.ts'
import type { View } from './view.ts'

/** Settings of the pages. They may change while the server runs. */
export interface WebSettings {
  /** '' for none. */
  readonly password: string
  /** Opens the pages without their buttons; '' for none. */
  readonly readonlyPassword: string
  /** Nobody may change anything here. */
  readonly readonly: boolean
  /** Public address with its path, e.g. https://ops.example.com/jobs; '' when it is not told. */
  readonly url: string
  /** Shown instead of Jobmill; '' for that. */
  readonly title: string
  /** Names and paths inside args and custom that are never shown. */
  readonly hide: readonly string[]
  readonly environment: string
}

/** What pages, actions and the API work with. */
export interface Web {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly activity: Activity
  readonly version: string
  readonly languages: readonly Language[]
  readonly server: ServerFacts
  settings(): WebSettings
  /** Keeps the marks of the charts over a restart. */
  keepMarks(): Promise<void>
}

/** What the server tells of itself. */
export interface ServerFacts {
  health(): StoreHealth
  stopping(): boolean
  /** INFO's JSON. */
  info(): Promise<string>
  /** The part of INFO about the server alone. */
  facts(): Record<string, string | number>
  /** Where clients connect, host:port each. */
  addresses(): readonly string[]
  /** A worker has had no connection for a minute: what it holds is lost to it. */
  isLost(wid: string): boolean
  readonly backups: BackupFacts
}

/** Backups of the data, where the server makes them. */
export interface BackupFacts {
  /** The latest last. */
  list(): Promise<readonly BackupEntry[]>
  isRunning(): boolean
  /** Why the last one failed, since when (epoch ms); undefined when it did not. */
  lastError(): { readonly atMs: number; readonly message: string } | undefined
  /** @returns false when one is being written already */
  begin(): boolean
}

export interface BackupEntry {
  readonly name: string
  /** Epoch ms. */
  readonly takenAtMs: number
  readonly bytes: number
}

/** What handlers of one request find in their context. */
export interface Env {
  Variables: { view: View }
}
