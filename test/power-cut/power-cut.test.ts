import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../support/toolchain.ts'
import { FwpConnection } from '../support/fwp.ts'
import { Random, seedOf } from '../support/random.ts'
import { startServer } from '../support/server.ts'
import { Ledger, type Sent } from '../torture/ledger.ts'
import { readRows, type Row } from '../torture/rows.ts'
import { Account } from './account.ts'
import { compileRecorder } from './compile.ts'
import { cutAtRandom } from './cuts.ts'
import { record, type RecordingOptions } from './recording.ts'
import { Disk, writeFolder, type Files } from './replay.ts'

// JOBMILL_CUT_SEED repeats what clients do and where cuts fall, JOBMILL_CUTS makes more of them.
const seed = seedOf('JOBMILL_CUT_SEED')
const cuts = Number(process.env['JOBMILL_CUTS'] ?? 60)
const forMs = Number(process.env['JOBMILL_CUT_MS'] ?? 2500)
const TEST_MS = 3_600_000

describeWith('cc', 'after a power cut', () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'jobmill-power-cut-')))
  let library = ''
  let recordings = 0
  beforeAll(() => {
    library = compileRecorder()
  })
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  /** One recording and its cuts; `left` is what one of them left, chosen by chance. */
  async function run(
    options: Pick<RecordingOptions, 'durability' | 'end'> & {
      readonly base?: Files
      readonly ledger?: Ledger
      readonly visit?: (files: Files, rows: ReadonlyMap<string, Row[]>) => Promise<void>
    },
    random: Random,
  ) {
    const ledger = options.ledger ?? new Ledger()
    const { durability, end, base = new Map<string, Uint8Array>() } = options
    const recording = await record({
      scratch,
      library,
      durability,
      end,
      base,
      ledger,
      random,
      forMs,
      name: `job-${(recordings += 1)}`,
    })
    const account = new Account(ledger, recording.events, durability === 'strict')
    const state: { left: Files } = { left: new Map() }
    let seen = 0
    const report = await cutAtRandom(recording, account, {
      scratch,
      random,
      cuts,
      visit: async (files, rows) => {
        seen += 1
        if (random.chance(1 / seen)) state.left = files
        await options.visit?.(files, rows)
      },
    })
    const figures = {
      cuts: report.cuts,
      withLosses: report.withLosses,
      broken: report.broken,
      jobs: ledger.jobs.size,
      logEvents: recording.events.length,
      oldestUndoneMs: Number(account.oldestUndoneMs.toFixed(1)),
    }
    console.log(`power cut, ${durability}, JOBMILL_CUT_SEED=${seed}`, JSON.stringify(figures))
    return { ...report, ledger, recording, left: state.left, jobs: ledger.jobs.size }
  }

  const none = (violations: readonly string[], ledger: Ledger) => {
    const all = [...ledger.violations, ...violations]
    expect(all.slice(0, 20), `${all.length} violations, seed ${seed}`).toEqual([])
  }

  it(
    'full keeps all that was answered, also in the run after a first cut',
    async () => {
      const random = new Random(seed)
      const first = await run({ durability: 'full', end: 'kill' }, random)
      none(first.violations, first.ledger)
      expect(first.jobs).toBeGreaterThan(500)
      const ledger = takeOver(first.ledger, first.left, scratch)
      const second = await run(
        { durability: 'full', end: 'stop', base: first.left, ledger },
        random,
      )
      none(second.violations, second.ledger)

      // The log held all that the server wrote, or the cuts prove little.
      const disk = new Disk(second.recording.base)
      for (const event of second.recording.events) disk.apply(event)
      const replayed = disk.cut('everything', random)
      for (const [path, content] of second.recording.after) {
        expect(Buffer.compare(replayed.get(path) ?? Buffer.alloc(0), content), path).toBe(0)
      }
    },
    TEST_MS,
  )

  it(
    'strict keeps every ACK that was answered, too',
    async () => {
      const { violations, ledger } = await run(
        { durability: 'strict', end: 'kill' },
        new Random(seed + 1),
      )
      none(violations, ledger)
    },
    TEST_MS,
  )

  it(
    'the server starts on what is left, and has all of it',
    async () => {
      const random = new Random(seed + 2)
      let starts = 0
      const { violations, ledger } = await run(
        {
          durability: 'full',
          end: 'kill',
          visit: async (files, rows) => {
            if (!random.chance(8 / cuts)) return
            starts += 1
            await startOn(files, rows)
          },
        },
        random,
      )
      none(violations, ledger)
      console.log(`power cut: ${starts} starts of the server`)
    },
    TEST_MS,
  )

  it(
    'relaxed loses what was answered, but nothing is broken: so losses are found',
    async () => {
      const found = await run({ durability: 'relaxed', end: 'kill' }, new Random(seed + 3))
      expect(found.withLosses).toBeGreaterThan(cuts / 10)
      expect(found.broken, found.violations.slice(0, 5).join('\n')).toBe(0)
    },
    TEST_MS,
  )

  /** The server's own counts are those of the rows, and a stop leaves them as they are. */
  async function startOn(files: Files, rows: ReadonlyMap<string, Row[]>): Promise<void> {
    const dir = mkdtempSync(join(scratch, 'start-'))
    writeFolder(dir, files)
    const server = await startServer({ dir, web: false })
    const client = await FwpConnection.open({ port: server.port })
    const info = await client.send('INFO')
    const { faktory } = JSON.parse(info.text ?? '') as {
      faktory: { total_enqueued: number; sets: Record<string, number> }
    }
    client.end()
    await server.stop()
    const held = Object.values(faktory.sets).reduce((sum, size) => sum + size, 0)
    expect(faktory.total_enqueued + held).toBe(rows.size)
    expect([...readRows(dir).keys()].toSorted()).toEqual([...rows.keys()].toSorted())
    rmSync(dir, { recursive: true, force: true })
  }
})

/** A ledger for a recording that begins with what a cut left: those jobs, safely there. */
function takeOver(before: Ledger, left: Files, scratch: string): Ledger {
  const folder = mkdtempSync(join(scratch, 'left-'))
  writeFolder(folder, left)
  const rows = left.has('jobmill.db') ? readRows(folder) : new Map<string, Row[]>()
  rmSync(folder, { recursive: true, force: true })
  const ledger = new Ledger()
  const answer = { atMs: 0, endByte: 0, ok: true, text: '' }
  const start: Sent = { life: 1, sentAtMs: 0, logBytes: 0, port: 0, answer }
  for (const [jid, [row]] of rows) {
    const job = before.jobs.get(jid)
    if (job === undefined || row === undefined) continue
    // Failed ones stay failed: their FAIL counts as done before.
    const fails = row.state === 3 || row.state === 4 ? [start] : []
    ledger.jobs.set(jid, { ...job, push: start, handouts: [], acks: [], fails })
  }
  return ledger
}
