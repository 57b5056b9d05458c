import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listBackups } from '../../packages/server/src/store/backup-files.ts'
import { backUp } from '../../packages/server/src/store/embedded/backup.ts'
import { checkFile } from '../../packages/server/src/store/embedded/check.ts'
import { Random } from '../support/random.ts'
import { inFolder, jobmill, pushMany, serverOf } from './support.ts'

const ROUNDS = 12

test('a backup killed at any instant leaves no broken one, and the next cleans up', () =>
  inFolder(async (dir) => {
    const server = await serverOf({ dir })
    await pushMany(server.port, 'job', 4000, 3000)
    const backups = join(dir, 'backups')
    mkdirSync(backups)
    writeFileSync(join(backups, '2026-01-01T00-00-00Z.db.jobmill-partial'), 'of a crash')
    writeFileSync(join(backups, 'mine.db.jobmill-partial'), 'not of ours')
    const random = new Random(Date.now())
    for (let i = 0; i < ROUNDS; i += 1) {
      await jobmill(['backup', '-d', dir], random.integer(50, 700))
      for (const { path } of await listBackups(backups)) {
        expect(checkFile(path), `round ${i}`).toMatchObject({ jobs: 4000, problems: [] })
      }
    }
    // A second later, for a name of its own.
    expect(await jobmill(['backup', '-d', dir])).toMatchObject({ code: 0 })
    const partials = readdirSync(backups).filter((name) => name.includes('partial'))
    expect(partials).toEqual(['mine.db.jobmill-partial'])
    expect(await server.kill('SIGTERM')).toBe(0)
  }))

test('a restore killed at any instant leaves the old data or the new', () =>
  inFolder(async (dir) => {
    const server = await serverOf({ dir })
    await pushMany(server.port, 'job', 3000, 3000)
    await server.kill('SIGTERM')
    const backup = join(dir, 'kept.db')
    backUp(dir, backup)
    const more = await serverOf({ dir })
    await pushMany(more.port, 'more', 500, 3000)
    // So that there is a log to bring along.
    await more.kill('SIGKILL')

    const random = new Random(Date.now())
    for (let i = 0; i < ROUNDS; i += 1) {
      await jobmill(['restore', backup, '-d', dir], random.integer(50, 500))
      expect(existsSync(join(dir, 'jobmill.db'))).toBe(true)
      const { jobs, problems } = checkFile(join(dir, 'jobmill.db'))
      expect(problems).toEqual([])
      expect([3000, 3500]).toContain(jobs)
    }
    expect((await jobmill(['restore', backup, '-d', dir])).code).toBe(0)
    expect(readdirSync(dir).filter((name) => name.includes('partial'))).toEqual([])
    expect(checkFile(join(dir, 'jobmill.db')).jobs).toBe(3000)
  }))
