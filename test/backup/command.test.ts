import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { listBackups } from '../../packages/server/src/store/backup-files.ts'
import { backUp } from '../../packages/server/src/store/embedded/backup.ts'
import { checkFile } from '../../packages/server/src/store/embedded/check.ts'
import { restore } from '../../packages/server/src/store/embedded/restore.ts'
import { describeWith } from '../support/toolchain.ts'
import { FwpConnection } from '../support/fwp.ts'
import { inFolder, jidsIn, jobmill, jobmillWithin, pushMany, serverOf } from './support.ts'

/** A folder with this many jobs, whose server has stopped. */
async function withJobs(dir: string, count: number, bytes = 10): Promise<void> {
  const server = await serverOf({ dir })
  await pushMany(server.port, 'job', count, bytes)
  await server.kill('SIGTERM')
}

test('a backup by hand works beside a server, without one, and after a kill', () =>
  inFolder(async (dir) => {
    const server = await serverOf({ dir })
    await pushMany(server.port, 'job', 20)
    const beside = await jobmill(['backup', '-d', dir])
    expect(beside).toMatchObject({ code: 0, text: expect.stringContaining('20 jobs') })
    await pushMany(server.port, 'later', 5)
    await server.kill('SIGKILL')

    const to = join(dir, 'kept.db')
    expect(await jobmill(['backup', '-d', dir, '--to', to])).toMatchObject({ code: 0 })
    const [first] = await listBackups(join(dir, 'backups'))
    expect(jidsIn(first?.path ?? '').size).toBe(20)
    expect(jidsIn(to).size).toBe(25)
    expect(statSync(to).mode).toBe(statSync(join(dir, 'jobmill.db')).mode)

    const twice = await jobmill(['backup', '-d', dir, '--to', to])
    expect(twice).toMatchObject({ code: 1, text: expect.stringContaining('is there already') })
    const nowhere = await jobmill(['backup', '-d', join(dir, 'typo')])
    expect(nowhere).toMatchObject({
      code: 1,
      text: expect.stringContaining('there is no jobmill.db'),
    })
    expect(readdirSync(dir)).not.toContain('typo')
  }))

test('a restore refuses beside a server and names it, and then can be undone', () =>
  inFolder(async (dir) => {
    const server = await serverOf({ dir })
    await pushMany(server.port, 'job', 20)
    const worker = await FwpConnection.open({ port: server.port, wid: 'worker-1' })
    const held = JSON.parse((await worker.send('FETCH default')).text ?? '') as { jid: string }
    const backup = join(dir, 'kept.db')
    await jobmill(['backup', '-d', dir, '--to', backup])
    await pushMany(server.port, 'later', 5)
    const refused = await jobmill(['restore', backup, '-d', dir])
    expect(refused.code).toBe(1)
    expect(refused.text).toMatch(
      new RegExp(`in use by PID ${server.pid}, .*stop that server first`),
    )
    await server.kill('SIGTERM')

    const restored = await jobmill(['restore', backup, '-d', dir])
    expect(restored.code).toBe(0)
    const undo = /jobmill (restore \S+ -d \S+)\. /.exec(restored.text)?.[1]?.split(' ') ?? []
    expect(jidsIn(join(dir, 'jobmill.db')).size).toBe(20)

    // Its worker had gone on meanwhile, and finishes the job that it held at the backup.
    const again = await serverOf({ dir })
    const same = await FwpConnection.open({ port: again.port, wid: 'worker-1' })
    expect((await same.send(`ACK {"jid":"${held.jid}"}`)).text).toBe('OK')
    await again.kill('SIGTERM')
    expect(jidsIn(join(dir, 'jobmill.db')).size).toBe(19)

    expect((await jobmill(undo)).code).toBe(0)
    expect(jidsIn(join(dir, 'jobmill.db')).size).toBe(25)
  }))

test('a restore starts a folder of its own', () =>
  inFolder(async (dir) => {
    await withJobs(dir, 20)
    const fresh = join(dir, 'elsewhere')
    const restored = await jobmill(['restore', join(dir, 'jobmill.db'), '-d', fresh])
    expect(restored).toMatchObject({ code: 0, text: expect.stringContaining('no data before') })
    expect(jidsIn(join(fresh, 'jobmill.db')).size).toBe(20)
  }))

test('what is no sound data of ours is refused, and the data stays as it is', () =>
  inFolder(async (dir) => {
    await withJobs(dir, 400, 500)
    const good = join(dir, 'good.db')
    backUp(dir, good)
    const bytes = readFileSync(good)
    const overwritten = Buffer.from(bytes)
    overwritten.fill(0x5a, 20 * 4096, 24 * 4096)
    const files = {
      'text.db': Buffer.from('not a database at all, whatever its name says'.repeat(100)),
      'empty.db': Buffer.alloc(0),
      'truncated.db': bytes.subarray(0, bytes.length / 2),
      'overwritten.db': overwritten,
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
    const foreign = new Sqlite(join(dir, 'foreign.db'))
    foreign.exec('create table job(x); pragma user_version = 1')
    foreign.close()
    copyFileSync(good, join(dir, 'newer.db'))
    const newer = new Sqlite(join(dir, 'newer.db'))
    newer.pragma('user_version = 99')
    newer.close()

    const before = readFileSync(join(dir, 'jobmill.db'))
    const reasons = {
      'text.db': 'no database',
      'empty.db': "not Jobmill's",
      'truncated.db': 'damaged',
      'overwritten.db': 'damaged',
      'foreign.db': "not Jobmill's",
      'newer.db': 'a newer Jobmill (format 99',
      'missing.db': 'there is no file',
    }
    for (const [name, reason] of Object.entries(reasons)) {
      const ran = await jobmill(['restore', join(dir, name), '-d', dir])
      expect(ran, name).toMatchObject({ code: 1, text: expect.stringContaining(reason) })
    }
    expect(readFileSync(join(dir, 'jobmill.db')).equals(before)).toBe(true)
    expect(readdirSync(dir).filter((name) => /partial|replaced/.test(name))).toEqual([])
  }))

test('damaged data is replaced, and kept with its log', () =>
  inFolder(async (dir) => {
    await withJobs(dir, 20)
    const good = join(dir, 'good.db')
    backUp(dir, good)
    writeFileSync(join(dir, 'jobmill.db'), 'what a broken disk left')
    writeFileSync(join(dir, 'jobmill.db-wal'), 'and of the log')
    const { replaced = '' } = restore(dir, good, 0)
    expect(readFileSync(join(replaced, 'jobmill.db'), 'utf8')).toBe('what a broken disk left')
    expect(readFileSync(join(replaced, 'jobmill.db-wal'), 'utf8')).toBe('and of the log')
    expect(checkFile(join(dir, 'jobmill.db'))).toMatchObject({ jobs: 20, problems: [] })
  }))

test('a problem of one job stops no backup: it is told', () =>
  inFolder(async (dir) => {
    await withJobs(dir, 20)
    const db = new Sqlite(join(dir, 'jobmill.db'))
    db.exec("update job set payload = 'no JSON' where seq = 7")
    db.close()
    const ran = await jobmill(['backup', '-d', dir])
    expect(ran).toMatchObject({ code: 0, text: expect.stringContaining('job 7 has an unreadable') })
  }))

test('without enough room nothing is written', () =>
  inFolder(async (dir) => {
    await withJobs(dir, 20)
    const to = join(dir, 'kept.db')
    const mib = 1024 * 1024
    expect(() => backUp(dir, to, () => 15 * mib)).toThrow(
      /not enough room: 17 MiB are needed in .*, 15 MiB are free: free some/,
    )
    linkSync(join(dir, 'jobmill.db'), join(dir, 'another-name.db'))
    expect(() => restore(dir, join(dir, 'another-name.db'), 0, () => 15 * mib)).toThrow(
      'the data itself',
    )
    backUp(dir, to, () => 20 * mib)
    expect(() => restore(dir, to, 0, () => 15 * mib)).toThrow('not enough room')
    expect(readdirSync(dir).filter((name) => /partial|replaced/.test(name))).toEqual([])
  }))

describeWith('prlimit', 'a disk that fills while a backup is written', () => {
  test('gets back what the backup took, and the data is as it was', () =>
    inFolder(async (dir) => {
      await withJobs(dir, 1000, 1000)
      mkdirSync(join(dir, 'backups'))
      const ran = await jobmillWithin(300_000, ['backup', '-d', dir])
      expect(ran).toMatchObject({ code: 1, text: expect.stringContaining('could not be written') })
      expect(readdirSync(join(dir, 'backups'))).toEqual([])
      expect(checkFile(join(dir, 'jobmill.db'))).toMatchObject({ jobs: 1000, problems: [] })
    }))
})
