import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../support/toolchain.ts'
import { startServer } from '../support/server.ts'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const SERVER = [COMMAND, 'server', '-b', '127.0.0.1:0', '-w', ':0', '-d']
const isRoot = process.getuid?.() === 0

let dir: string
let data: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jobmill-folder-'))
  data = join(dir, 'data')
})
afterEach(() => {
  spawnSync('chmod', ['-R', 'u+rwX', dir])
  rmSync(dir, { recursive: true })
})

/** Starts a server that cannot start. @returns its last line, and the exit code */
function refusal(folder = data, prefix: readonly string[] = []) {
  const [program = '', ...args] = [...prefix, process.execPath, ...SERVER, folder]
  const env = { ...process.env, HOME: dir }
  const { status, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env,
    // One that starts after all must not hold the test up.
    timeout: 10_000,
    killSignal: 'SIGKILL',
  })
  return { status, stderr }
}

/** One line for people, which names the folder, and the exit code of what failed. */
const refused = (folder: string, why: RegExp) => ({
  status: 1,
  stderr: expect.stringMatching(
    new RegExp(`^jobmill: the data folder ${folder} cannot be used: ${why.source}[^\\n]*\\n$`),
  ),
})

/** A data folder that a server has used. */
async function used(): Promise<void> {
  const server = await startServer({ dir: data, web: false })
  await server.stop()
}

test('a file in place of the data folder is named, and stays', () => {
  writeFileSync(data, 'mine')
  expect(refusal()).toEqual(refused(data, /it is a file, not a folder/))
  const below = join(data, 'below')
  expect(refusal(below)).toEqual(refused(below, /a part of the path is no folder/))
})

test('a data file that is none is named, and stays', () => {
  mkdirSync(data)
  writeFileSync(join(data, 'jobmill.db'), 'This is a letter, not a database. '.repeat(100))
  expect(refusal()).toEqual(refused(data, /jobmill.db is no database \(SQLITE_NOTADB\)/))
})

test('a folder in place of the data file is told', () => {
  mkdirSync(join(data, 'jobmill.db'), { recursive: true })
  expect(refusal()).toEqual(refused(data, /.*\(SQLITE_CANTOPEN/))
})

// The superuser may write everywhere, unless that right is taken away.
const WITHOUT_RIGHTS = isRoot
  ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all']
  : []
describeWith(isRoot ? 'setpriv' : 'true', 'a user without the right to write', () => {
  const mayNot = /this user may not write there \(/

  test('is told so of a folder that is for reading alone', () => {
    mkdirSync(data)
    chmodSync(data, 0o555)
    expect(refusal(data, WITHOUT_RIGHTS)).toEqual(refused(data, mayNot))
    const below = join(data, 'below')
    expect(refusal(below, WITHOUT_RIGHTS)).toEqual(refused(below, mayNot))
  })

  test('is told so of a folder that belongs to another', () => {
    mkdirSync(data)
    if (isRoot) chownSync(data, 65_534, 65_534)
    const theirs = isRoot ? data : '/jobmill-of-another'
    expect(refusal(theirs, WITHOUT_RIGHTS)).toEqual(refused(theirs, mayNot))
  })

  test('is told so of data that a server of another wrote', async () => {
    await used()
    chmodSync(join(data, 'jobmill.pid'), 0o444)
    expect(refusal(data, WITHOUT_RIGHTS)).toEqual(refused(data, mayNot))
  })

  test('is told so of a data file for reading alone, at the start and not at the first push', async () => {
    await used()
    chmodSync(join(data, 'jobmill.db'), 0o444)
    expect(refusal(data, WITHOUT_RIGHTS)).toEqual(
      refused(data, /it is read-only \(SQLITE_READONLY/),
    )
    chmodSync(join(data, 'jobmill.db'), 0o644)
    await used()
  })
})
