import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkData } from '../../packages/server/src/store/embedded/check.ts'
import type { Random } from '../support/random.ts'
import { readRows, type Row } from '../torture/rows.ts'
import type { Account } from './account.ts'
import { Disk, writeFolder, type Files, type Survival } from './replay.ts'
import type { Recording } from './recording.ts'

export interface CutReport {
  readonly cuts: number
  /** What is wrong, a line each, with the number of the event that it was cut after. */
  readonly violations: string[]
  /** Cuts after which SQLite or `jobmill check` found the data broken; in `violations` too. */
  broken: number
  /** Cuts in which an answered job was lost. */
  withLosses: number
}

/**
 * Cuts the power at random moments of a recording and accounts for what each leaves. Most cuts come
 * right after an answer was sent, when what it promised is youngest.
 * @param visit gets some of what was left, for a look of its own
 */
export async function cutAtRandom(
  recording: Recording,
  account: Account,
  options: {
    readonly scratch: string
    readonly random: Random
    readonly cuts: number
    readonly visit?: (files: Files, rows: ReadonlyMap<string, Row[]>) => Promise<void> | void
  },
): Promise<CutReport> {
  const { random, cuts } = options
  const { events } = recording
  const answers = events.flatMap((event, i) => (event.type === 'send' ? [i] : []))
  const places = Array.from({ length: cuts }, () =>
    answers.length > 0 && random.chance(0.6)
      ? random.pick(answers)
      : random.integer(0, events.length - 1),
  ).sort((a, b) => a - b)
  const report: CutReport = { cuts, violations: [], broken: 0, withLosses: 0 }
  const disk = new Disk(recording.base)
  let next = 0
  for (const place of places) {
    for (; next <= place; next += 1) {
      const event = events[next]
      if (event !== undefined) disk.apply(event)
    }
    const cut = events[place]
    if (cut === undefined) continue
    const survival = random.pick<Survival>(['nothing', 'some', 'some', 'everything'])
    const files = disk.cut(survival, random)
    const where = `cut after event ${place} of ${events.length}, ${survival} unsynced survives`
    const folder = mkdtempSync(join(options.scratch, 'cut-'))
    try {
      writeFolder(folder, files)
      // Cut before the data file's name was durable: nothing can have been answered.
      const rows = files.has('jobmill.db') ? readRows(folder) : new Map<string, Row[]>()
      const wrong = account.judge(cut, rows)
      if (wrong.some((line) => line.includes('LOST'))) report.withLosses += 1
      report.violations.push(...wrong.map((line) => `${where}: ${line}`))
      await look(folder, rows, where, report)
      await options.visit?.(files, rows)
    } catch (error) {
      report.broken += 1
      report.violations.push(`${where}: ${(error as Error).message}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return report
}

async function look(
  folder: string,
  rows: ReadonlyMap<string, Row[]>,
  where: string,
  report: CutReport,
): Promise<void> {
  if (rows.size === 0) return
  const { problems } = await checkData(folder)
  if (problems.length > 0) report.broken += 1
  report.violations.push(...problems.map((problem) => `${where}: jobmill check: ${problem}`))
}
