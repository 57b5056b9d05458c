import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listBackups } from '../../packages/server/src/store/backup-files.ts'
import { checkFile } from '../../packages/server/src/store/embedded/check.ts'
import { FwpConnection } from '../support/fwp.ts'
import { inFolder, jidsIn, jobmill, pushMany, Traffic, serverOf } from './support.ts'

test('what was acknowledged before a timed backup is there after its restore', () =>
  inFolder(async (dir) => {
    const backups = join(dir, 'backups')
    const server = await serverOf({
      dir,
      args: ['--backup-every', '1s', '--backup-keep', '2'],
    })
    const traffic = new Traffic()
    traffic.start(server.port)
    const written = (): number => server.output().split('backup written and verified').length - 1
    await expect.poll(written, { timeout: 60_000 }).toBeGreaterThanOrEqual(4)
    await traffic.stop()
    await server.kill('SIGKILL')

    // Two stay, and the last may just have been written.
    const kept = await listBackups(backups)
    expect([2, 3]).toContain(kept.length)
    const [backup] = kept
    if (backup === undefined) return
    expect(checkFile(backup.path).problems).toEqual([])
    const restored = await jobmill(['restore', backup.path, '-d', dir])
    expect(restored).toMatchObject({ code: 0, text: expect.stringContaining('at least once') })

    const there = jidsIn(join(dir, 'jobmill.db'))
    // The name of a backup is the second in which it began.
    const before = [...traffic.pushed].filter(([, atMs]) => atMs < backup.takenAtMs)
    expect(before.length).toBeGreaterThan(100)
    expect(before.filter(([jid]) => !there.has(jid) && !traffic.sentAcks.has(jid))).toEqual([])
    const finished = [...traffic.acked].filter(([, atMs]) => atMs < backup.takenAtMs)
    expect(finished.length).toBeGreaterThan(10)
    expect(finished.filter(([jid]) => there.has(jid))).toEqual([])

    const again = await serverOf({ dir })
    const worker = await FwpConnection.open({ port: again.port, wid: 'worker-2' })
    expect((await worker.send('FETCH backlog')).kind).toBe('bulk')
    await again.kill('SIGTERM')
  }))

test('in production there is a backup soon after the start, and none elsewhere', () =>
  inFolder(async (dir) => {
    const development = await serverOf({ dir })
    await pushMany(development.port, 'job', 10)
    const server = await serverOf({
      args: ['-e', 'production'],
      env: { JOBMILL_SKIP_PASSWORD: 'yes' },
    })
    const backups = join(server.dir, 'backups')
    await expect.poll(async () => (await listBackups(backups)).length, { timeout: 30_000 }).toBe(1)
    expect(existsSync(join(dir, 'backups'))).toBe(false)
    await development.kill('SIGTERM')
    await server.stop()
  }))

test('a failing backup is told with its cause, and nothing else notices', () =>
  inFolder(async (dir) => {
    writeFileSync(join(dir, 'backups'), 'a file where the folder should be')
    const server = await serverOf({ dir, args: ['--backup-every', '1s'] })
    await expect
      .poll(() => server.output(), { timeout: 30_000 })
      .toContain('tried again when the next is due')
    expect(server.output()).toMatch(/backups could not be written: .*name another place/)
    await pushMany(server.port, 'job', 10)
    expect(await server.kill('SIGTERM')).toBe(0)
  }))

test('a stop in the middle of a backup waits for nothing and leaves nothing', () =>
  inFolder(async (dir) => {
    mkdirSync(join(dir, 'backups'))
    const server = await serverOf({ dir, args: ['--backup-every', '1s'] })
    await pushMany(server.port, 'job', 10_000, 5000)
    const partials = (): string[] =>
      readdirSync(join(dir, 'backups')).filter((name) => name.includes('partial'))
    await expect.poll(partials, { timeout: 60_000, interval: 5 }).toHaveLength(1)
    expect(await server.kill('SIGTERM')).toBe(0)
    expect(partials()).toEqual([])
    expect(server.output()).not.toContain('no backup')
    for (const { path } of await listBackups(join(dir, 'backups'))) {
      expect(checkFile(path).problems).toEqual([])
    }
  }))
