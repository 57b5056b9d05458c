import type { Counter, Entry, Kind, Records, Seq } from '../types.ts'
import type { Lane } from './lane.ts'

/** What an engine hears of each change that memory took: the rows that now differ from its disk. */
export interface Journal {
  /** A new job, a whole `Job`. */
  inserted(entry: Entry): void
  /**
   * A job's row is to be as `entry` now is; `before` is its seq until now. `withExtra`: `entry` is a
   * whole Job, whose `extra` counts; else the row keeps its own.
   */
  moved(entry: Entry, before: Seq, withExtra: boolean): void
  dropped(seq: Seq): void
  put<K extends Kind>(kind: K, key: string, value: Records[K]): void
  deleted(kind: Kind, key: string): void
  counted(counter: Counter, total: number): void
  flushed(): void
  /** Something falls due at this time. */
  timed(atMs: number): void
  /** A lane's warm part runs out: `Memory.warmed` with its next jobs, please. */
  wanted(lane: Lane): void
}
