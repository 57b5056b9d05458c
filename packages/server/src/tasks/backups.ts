import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { latestBackup, pathForBackup, pruneBackups } from '../store/backup-files.ts'
import type { Store } from '../store/store.ts'

export interface BackupOptions {
  readonly store: Pick<Store, 'backup' | 'health'>
  readonly clock: Clock
  readonly log: Log
  /** Where they lie. */
  readonly folder: string
  /** 0: never. */
  readonly everyMs: number
  /** How many stay. */
  readonly keep: number
  /** How often it looks whether one is due. */
  readonly lookEveryMs?: number
}

/** How the backups do, for pages and metrics. */
export interface BackupStatus {
  readonly running: boolean
  /** The latest good one, of an earlier run too: epoch ms; undefined: there is none. */
  readonly lastAtMs: number | undefined
  readonly lastBytes: number | undefined
  /** Why there is none since then; undefined after a good one. */
  readonly lastError: { readonly atMs: number; readonly message: string } | undefined
}

const LOOK_MS = 5_000

/**
 * Makes a backup when the last is old enough, and removes those that are too many. A failed one is
 * logged and tried again when the next is due; nothing else notices it.
 */
export class Backups {
  readonly #options: BackupOptions
  #status: BackupStatus = {
    running: false,
    lastAtMs: undefined,
    lastBytes: undefined,
    lastError: undefined,
  }
  /** When the last was begun, good or not: a full disk gets no backup every five seconds. */
  #begunAtMs: number | undefined
  #saidSlow = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: BackupOptions) {
    this.#options = options
  }

  get status(): BackupStatus {
    return this.#status
  }

  start(): void {
    const { everyMs, lookEveryMs = LOOK_MS } = this.#options
    if (everyMs === 0 || this.#timer !== undefined) return
    this.#timer = setInterval(() => void this.#look(), Math.min(lookEveryMs, everyMs))
  }

  /** Begins one now, whether one is due or not. @returns false when one is being written already */
  begin(): boolean {
    if (this.#status.running || this.#stopped) return false
    const nowMs = this.#options.clock.now()
    this.#set({ running: true })
    void this.#make(nowMs)
      .catch((error: unknown) => this.#failed(nowMs, error as Error))
      .finally(() => this.#set({ running: false }))
    return true
  }

  /** None begins after this; one that is being written ends with the store. */
  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    const { clock, everyMs, store } = this.#options
    if (store.health().state === 'loading') return
    const nowMs = clock.now()
    if (this.#status.running) {
      this.#tellSlow(nowMs)
      return
    }
    this.#set({ running: true })
    try {
      if (this.#begunAtMs === undefined) await this.#lookAtFolder()
      if (isDue(nowMs, this.#begunAtMs ?? this.#status.lastAtMs, everyMs)) await this.#make(nowMs)
    } catch (error) {
      this.#failed(nowMs, error as Error)
    } finally {
      this.#set({ running: false })
    }
  }

  async #lookAtFolder(): Promise<void> {
    const latest = await latestBackup(this.#options.folder)
    this.#set({ lastAtMs: latest?.takenAtMs, lastBytes: latest?.bytes })
  }

  async #make(nowMs: number): Promise<void> {
    const { folder, keep, log, store } = this.#options
    this.#begunAtMs = nowMs
    this.#saidSlow = false
    const file = pathForBackup(folder, nowMs)
    const { bytes, jobs, problems, ms } = await store.backup(file)
    this.#set({ lastAtMs: nowMs, lastBytes: bytes, lastError: undefined })
    log.info({ file, bytes, jobs, ms }, 'backup written and verified')
    if (problems.length > 0) {
      log.warn({ file, problems }, 'the data has problems, and so has the backup: jobmill check')
    }
    try {
      const removed = await pruneBackups(folder, file, keep, nowMs)
      if (removed > 0) log.debug({ removed, keep }, 'old backups removed')
    } catch (error) {
      log.warn({ err: error, folder }, 'old backups could not be removed: they will fill the disk')
    }
  }

  #failed(nowMs: number, error: Error): void {
    this.#begunAtMs ??= nowMs
    // The store gave it up because the server stops.
    if (this.#stopped) return
    this.#set({ lastError: { atMs: nowMs, message: error.message } })
    this.#options.log.error(
      { reason: error.message },
      'no backup: the one before stays the latest; tried again when the next is due',
    )
  }

  #tellSlow(nowMs: number): void {
    const { everyMs, log } = this.#options
    if (this.#saidSlow || !isDue(nowMs, this.#begunAtMs, everyMs)) return
    this.#saidSlow = true
    log.warn('the backup is still being written when the next is due: is the disk slow?')
  }

  #set(change: Partial<BackupStatus>): void {
    this.#status = { ...this.#status, ...change }
  }
}

/** A last one in the future was taken before the clock was set back: nobody knows how old it is. */
function isDue(nowMs: number, lastMs: number | undefined, everyMs: number): boolean {
  return lastMs === undefined || nowMs - lastMs >= everyMs || lastMs > nowMs
}
