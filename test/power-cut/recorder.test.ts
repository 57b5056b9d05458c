import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/toolchain.ts'
import { Random } from '../support/random.ts'
import { compileRecorder } from './compile.ts'
import { readLog } from './log.ts'
import { Disk, readFolder, writeFolder, type Files } from './replay.ts'

const WRITER = fileURLToPath(new URL('writer.mjs', import.meta.url))
let library = ''
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'jobmill-recorder-test-')))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

interface Commit {
  readonly last: number
  readonly logBytes: number
}

/** Runs the writer under the recorder. */
function record(synchronous: 'FULL' | 'NORMAL', seed: number) {
  const base = mkdtempSync(join(scratch, `${synchronous}-`))
  const folder = join(base, 'data')
  writeFolder(folder, new Map())
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    JOBMILL_RECORD_FOLDER: folder,
    JOBMILL_RECORD_LOG: join(base, 'log'),
  }
  const ran = spawnSync(process.execPath, [WRITER, folder, synchronous, String(seed)], {
    env,
    encoding: 'utf8',
  })
  if (ran.status !== 0) throw new Error(`writer: ${ran.stderr}`)
  const commits = JSON.parse(ran.stdout) as Commit[]
  return { folder, events: readLog(join(base, 'log')), commits }
}

/** The last row that a cut folder holds, after SQLite has recovered it. Throws when it is broken. */
function lastRow(files: Files): number {
  const folder = mkdtempSync(join(scratch, 'cut-'))
  try {
    writeFolder(folder, files)
    const database = new Database(join(folder, 'jobmill.db'))
    try {
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
      const table = database.prepare("select 1 from sqlite_schema where name = 'job'").get()
      if (table === undefined) return 0
      const row = database.prepare<[], { last: number | null }>('select max(id) last from job')
      return row.get()?.last ?? 0
    } finally {
      database.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const withoutShm = (files: Files) =>
  new Map(
    [...files]
      .filter(([path]) => !path.endsWith('-shm'))
      .toSorted(([a], [b]) => a.localeCompare(b)),
  )

describeWith('cc', 'the recorder and its replay', () => {
  beforeAll(() => {
    library = compileRecorder()
  })

  it('miss no write: the whole log makes the folder again, byte for byte', () => {
    const { folder, events } = record('FULL', 1)
    const disk = new Disk()
    for (const event of events) disk.apply(event)
    const made = withoutShm(disk.cut('everything', new Random(1)))
    const real = withoutShm(readFolder(folder))
    expect([...made.keys()]).toEqual([...real.keys()])
    for (const [path, content] of real) {
      expect(Buffer.compare(made.get(path) ?? Buffer.alloc(0), content), path).toBe(0)
    }
    expect(real.get('note')?.length).toBe(35)
  })

  it('find no loss where every commit is synced', () => {
    const { events, commits } = record('FULL', 2)
    const random = new Random(2)
    const losses = findLosses(events, commits, random, 60)
    expect(losses).toEqual([])
  })

  it('find losses where commits are not synced', () => {
    const { events, commits } = record('NORMAL', 3)
    const losses = findLosses(events, commits, new Random(3), 60)
    expect(losses.length).toBeGreaterThan(10)
  })
})

/** Cuts at random places; each that lost a commit which had returned before it. */
function findLosses(
  events: ReturnType<typeof readLog>,
  commits: readonly Commit[],
  random: Random,
  cuts: number,
): string[] {
  const places = Array.from({ length: cuts }, () => random.integer(0, events.length - 1))
  places.sort((a, b) => a - b)
  const losses: string[] = []
  const disk = new Disk()
  let next = 0
  for (const place of places) {
    for (; next <= place; next += 1) {
      const event = events[next]
      if (event !== undefined) disk.apply(event)
    }
    const position = events[place]?.end ?? 0
    const promised = commits.findLast((commit) => commit.logBytes <= position)?.last ?? 0
    const found = lastRow(disk.cut(random.pick(['nothing', 'some', 'everything']), random))
    if (found < promised) losses.push(`cut at ${position}: row ${found}, promised ${promised}`)
  }
  return losses
}
