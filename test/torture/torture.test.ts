import Sqlite from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkData } from '../../packages/server/src/store/embedded/check.ts'
import { FwpConnection, monotonicMs } from '../support/fwp.ts'
import { Random, seedOf } from '../support/random.ts'
import { startServer } from '../support/server.ts'

const KILLS = 20
const CONNECTIONS = 5
/** A plain ACK rides along with the next commit: what was answered so short before a kill may run again. */
const LAST_INSTANTS_MS = 50

/** What the clients know of every job, whatever happens to the server. */
class Account {
  readonly pushed = new Set<string>()
  /** ACK answered: when. */
  readonly acknowledged = new Map<string, number>()
  /** ACK sent, the answer never came: done or not, both are right. */
  readonly maybeAcknowledged = new Set<string>()
  readonly failed = new Set<string>()
  /** When each kill was sent, and when the process was gone. */
  readonly kills: { readonly sentMs: number; readonly goneMs: number }[] = []
  /** Jobs that were handed out after their ACK, and when that ACK was answered. */
  readonly ranAgain: [jid: string, acknowledgedMs: number][] = []
  #next = 0

  newJid(): string {
    this.#next += 1
    return `torture-${String(this.#next).padStart(8, '0')}`
  }

  /** Whether an answered ACK fell into the last instants before a kill. */
  excused(at: number): boolean {
    return this.kills.some(({ sentMs, goneMs }) => at > sentMs - LAST_INSTANTS_MS && at <= goneMs)
  }
}

const jobText = (jid: string): string =>
  JSON.stringify({
    jid,
    jobtype: 'T',
    args: [jid],
    queue: 'torture',
    priority: (Number(jid.slice(-1)) % 9) + 1,
  })

async function produce(port: number, account: Account): Promise<void> {
  const connection = await FwpConnection.open({ port }).catch(() => undefined)
  for (let round = 0; connection?.isOpen === true; round += 1) {
    const jids = Array.from({ length: round % 5 === 0 ? 10 : 1 }, () => account.newJid())
    const reply = await connection.send(
      jids.length === 1
        ? `PUSH ${jobText(jids[0] ?? '')}`
        : `PUSHB [${jids.map(jobText).join(',')}]`,
    )
    if (reply.kind === 'lost') return
    expect(reply.text).toBe(jids.length === 1 ? 'OK' : '{}')
    for (const jid of jids) account.pushed.add(jid)
  }
}

async function work(port: number, wid: string, account: Account): Promise<void> {
  const connection = await FwpConnection.open({ port, wid }).catch(() => undefined)
  for (let round = 0; connection?.isOpen === true; round += 1) {
    const fetched = await connection.send('FETCH torture')
    if (fetched.kind !== 'bulk') {
      if (fetched.kind === 'nil') continue
      return
    }
    const { jid } = JSON.parse(fetched.text) as { jid: string }
    const before = account.acknowledged.get(jid)
    if (before !== undefined) account.ranAgain.push([jid, before])
    const fails = round % 7 === 6
    const reply = await connection.send(
      fails ? `FAIL {"jid":"${jid}","errtype":"E","message":"m"}` : `ACK {"jid":"${jid}"}`,
    )
    if (reply.kind === 'lost') {
      if (!fails) account.maybeAcknowledged.add(jid)
      return
    }
    expect(reply.text).toBe('OK')
    if (fails) account.failed.add(jid)
    else account.acknowledged.set(jid, monotonicMs())
  }
}

/** Rows of every jid in the data file of a stopped server. */
function rowsOf(folder: string): Map<string, number> {
  const db = new Sqlite(join(folder, 'jobmill.db'), { readonly: true })
  const rows = db
    .prepare<[], [string, number]>('select jid, count(*) from job group by jid')
    .raw()
    .all()
  db.close()
  return new Map(rows)
}

test.each(['full', 'strict'] as const)(
  'killed twenty times at random instants, no job is lost (%s)',
  async (durability) => {
    const dir = mkdtempSync(join(tmpdir(), 'jobmill-torture-'))
    const account = new Account()
    const seed = seedOf('JOBMILL_TORTURE_SEED')
    const random = new Random(seed)
    console.log(`kill times by JOBMILL_TORTURE_SEED=${seed}`)
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const server = await startServer({ dir, args: ['--durability', durability] })
        const load = Array.from({ length: CONNECTIONS }, (_, i) => [
          produce(server.port, account),
          work(server.port, `w${i}`, account),
        ]).flat()
        await new Promise((resolve) => setTimeout(resolve, random.integer(100, 700)))
        const sentMs = monotonicMs()
        await server.kill('SIGKILL')
        account.kills.push({ sentMs, goneMs: monotonicMs() })
        await Promise.all(load)
      }
      const last = await startServer({ dir, args: ['--durability', durability] })
      await last.kill('SIGTERM')

      const rows = rowsOf(dir)
      const { pushed, acknowledged, maybeAcknowledged } = account
      const done = (jid: string): boolean => acknowledged.has(jid) || maybeAcknowledged.has(jid)
      expect((await checkData(dir)).problems).toEqual([])
      expect([...pushed].filter((jid) => !rows.has(jid) && !done(jid))).toEqual([])
      expect([...rows].filter(([, count]) => count > 1)).toEqual([])
      expect([...account.failed].filter((jid) => !rows.has(jid) && !done(jid))).toEqual([])
      const back = [...account.ranAgain, ...[...acknowledged].filter(([jid]) => rows.has(jid))]
      const excused = ([, at]: [string, number]): boolean =>
        durability === 'full' && account.excused(at)
      expect(back.filter((each) => !excused(each))).toEqual([])
      expect(pushed.size).toBeGreaterThan(KILLS * CONNECTIONS)
      expect(acknowledged.size).toBeGreaterThan(KILLS)
    } finally {
      rmSync(dir, { recursive: true })
    }
  },
)
