import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readFiles } from './files.ts'

function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'jobmill-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const confd = join(folder, 'conf.d')
  const shorter = (text: string): string => text.replaceAll(folder, '')
  return {
    folder,
    confd,
    write: (name: string, content: string | Uint8Array) => {
      mkdirSync(confd, { recursive: true })
      writeFileSync(join(confd, name), content)
    },
    read: () => {
      const { files, problems, warnings } = readFiles(folder)
      return {
        files: files.map(({ path }) => shorter(path)),
        problems: problems.map(shorter),
        warnings: warnings.map(shorter),
      }
    },
  }
}

const NOTHING = { files: [], problems: [], warnings: [] }

test('no folder is no file', () => {
  expect(setup().read()).toEqual(NOTHING)
})

test('an empty file, a comment and a byte order mark are no problem', () => {
  const { write, read } = setup()
  write('a.toml', '')
  write('b.toml', '# nothing\r\n')
  write('c.toml', '\uFEFF[server]\r\nmemory = 1\r\n')
  expect(read()).toEqual({
    ...NOTHING,
    files: ['/conf.d/a.toml', '/conf.d/b.toml', '/conf.d/c.toml'],
  })
})

test('a mount’s links are followed, its hidden folders and editors’ files passed over', () => {
  const { confd, write, read } = setup()
  mkdirSync(join(confd, '..2026_11'), { recursive: true })
  writeFileSync(join(confd, '..2026_11', 'a.toml'), '')
  symlinkSync('..2026_11', join(confd, '..data'))
  symlinkSync('..data/a.toml', join(confd, 'a.toml'))
  write('.a.toml.swp', 'x')
  write('.hidden.toml', 'x')
  expect(read()).toEqual({ ...NOTHING, files: ['/conf.d/a.toml'] })
})

test('files that somebody may believe to be read are named', () => {
  const { folder, write, read } = setup()
  write('a.toml.bak', '')
  write('b.conf', '')
  writeFileSync(join(folder, 'jobmill.toml'), '')
  expect(read().warnings).toEqual([
    '/conf.d/a.toml.bak is not read: its name does not end in .toml',
    '/conf.d/b.conf is not read: its name does not end in .toml',
    '/jobmill.toml is not read: only files in conf.d are',
  ])
})

test('what cannot be read is a problem each', () => {
  const { confd, write, read } = setup()
  write('a.toml', new Uint8Array([0x61, 0x3d, 0x22, 0xff, 0x22]))
  mkdirSync(join(confd, 'b.toml'))
  symlinkSync('nowhere', join(confd, 'c.toml'))
  symlinkSync('d.toml', join(confd, 'd.toml'))
  symlinkSync('/dev/zero', join(confd, 'e.toml'))
  write('f.toml', '[server\n')
  expect(read()).toEqual({
    ...NOTHING,
    problems: [
      '/conf.d/a.toml is not UTF-8 text',
      '/conf.d/b.toml is a folder, not a file (container tools make one where the file to mount is missing)',
      expect.stringMatching(/^\/conf.d\/c.toml cannot be read: ENOENT/),
      expect.stringMatching(/^\/conf.d\/d.toml cannot be read: ELOOP/),
      '/conf.d/e.toml is not a regular file',
      expect.stringMatching(/^\/conf.d\/f.toml:1:8: /),
    ],
  })
})

test('a conf.d that is no folder is a problem', () => {
  const { folder, confd, read } = setup()
  writeFileSync(confd, '')
  expect(read().problems).toEqual([expect.stringMatching(/^\/conf.d cannot be read: ENOTDIR/)])
  expect(folder).not.toBe('')
})
