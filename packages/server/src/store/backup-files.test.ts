import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listBackups, nameOf, pathForBackup, pruneBackups, takenAtOf } from './backup-files.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 10, 25, 12)
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobmill-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string): string => {
  writeFileSync(join(folder, name), '')
  return join(folder, name)
}
const hoursAgo = (hours: number): string => nameOf(NOW_MS - hours * HOUR_MS)

test('a name tells its time, and other names tell none', () => {
  expect(nameOf(NOW_MS + 999)).toBe('2026-11-25T12-00-00Z.db')
  expect(takenAtOf('2026-11-25T12-00-00Z.db')).toBe(NOW_MS)
  for (const name of [
    '2026-13-25T12-00-00Z.db',
    '2026-02-30T12-00-00Z.db',
    '2026-11-25T12-00-00Z.db.jobmill-partial',
    'before-2026-11-25T12-00-00Z.db',
    'jobmill.db',
  ]) {
    expect(takenAtOf(name), name).toBeUndefined()
  }
})

test('a second backup within a second gets the next name', () => {
  expect(pathForBackup(folder, NOW_MS)).toBe(join(folder, nameOf(NOW_MS)))
  write(nameOf(NOW_MS))
  expect(pathForBackup(folder, NOW_MS)).toBe(join(folder, nameOf(NOW_MS + 1000)))
})

test('backups come in order of time, and a missing folder has none', async () => {
  for (const hours of [2, 5, 1]) write(hoursAgo(hours))
  expect((await listBackups(folder)).map(({ path }) => path)).toEqual(
    [5, 2, 1].map((hours) => join(folder, hoursAgo(hours))),
  )
  expect(await listBackups(join(folder, 'missing'))).toEqual([])
})

test('the oldest go, and only files with a name of ours', async () => {
  const foreign = ['notes.txt', 'kept.db', '2026-13-01T00-00-00Z.db']
  for (const name of foreign) write(name)
  for (const hours of [1, 2, 3, 4]) write(hoursAgo(hours))
  const made = write(hoursAgo(0))
  expect(await pruneBackups(folder, made, 3, NOW_MS)).toBe(2)
  expect(readdirSync(folder).sort()).toEqual(
    [...foreign, hoursAgo(0), hoursAgo(1), hoursAgo(2)].sort(),
  )
})

test('after the clock was set back, those from the future go first and the new one stays', async () => {
  for (const hours of [1, 2, -5, -6]) write(hoursAgo(hours))
  const made = write(hoursAgo(0))
  expect(await pruneBackups(folder, made, 3, NOW_MS)).toBe(2)
  expect(readdirSync(folder).sort()).toEqual([0, 1, 2].map(hoursAgo).sort())
  expect(await pruneBackups(folder, made, 1, NOW_MS)).toBe(2)
  expect(readdirSync(folder)).toEqual([hoursAgo(0)])
})
