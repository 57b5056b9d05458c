import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type Sqlite from 'better-sqlite3'

/** What was found and where it went; `file` is undefined when it could not be written. */
export interface Aside {
  readonly rows: number
  readonly file: string | undefined
}

const UNPLACED =
  'seq > @after and seq <= @to and (state not between 0 and 4 or priority not between 1 and 9)'

/**
 * Moves rows that nobody can place into a file beside the data, one JSON object a line: they are kept
 * for a person to look at, and never stop the start. A row leaves the data once the file is on disk.
 */
export class SetAside {
  readonly #db: Sqlite.Database
  readonly #folder: string
  readonly #file = `set-aside-${new Date().toISOString().replace(/[:.]/g, '-')}.jsonl`
  #rows = 0
  #written = true

  constructor(db: Sqlite.Database, folder: string) {
    this.#db = db
    this.#folder = folder
  }

  get found(): Aside {
    return { rows: this.#rows, file: this.#written ? this.#file : undefined }
  }

  /** Records whose value is no JSON. */
  records(): void {
    this.#move('record', 'not json_valid(value)', {})
  }

  /** Jobs of these seqs, the first not included, that are in no place or have no priority. */
  jobs(after: number, to: number): void {
    this.#move('job', UNPLACED, { after, to })
  }

  #move(table: 'job' | 'record', where: string, values: Readonly<Record<string, number>>): void {
    const rows = this.#db
      .prepare<[Readonly<Record<string, number>>], object>(`select * from ${table} where ${where}`)
      .all(values)
    if (rows.length === 0) return
    this.#rows += rows.length
    try {
      this.#append(rows.map((row) => `${JSON.stringify({ table, ...row })}\n`).join(''))
      this.#db.prepare(`delete from ${table} where ${where}`).run(values)
    } catch {
      // A full disk: they stay where they are and are passed over; the next start tries again.
      this.#written = false
    }
  }

  #append(lines: string): void {
    const file = openSync(join(this.#folder, this.#file), 'a', 0o600)
    try {
      writeSync(file, lines)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }
}
