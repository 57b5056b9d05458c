import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { FwpConnection } from '../../support/fwp.ts'
import { startServer, type RunningServer } from '../../support/server.ts'
import { prepared, type ExampleKit } from './prepared.ts'
import { Program } from './program.ts'
import { freePort, untilInfo } from './server.ts'

const README = new URL('../../../examples/README.md', import.meta.url)

/** Runs an example as its README says, on a server of its own, until the report is published. */
export async function runExample(producer: ExampleKit, worker: ExampleKit): Promise<void> {
  const [pushing, working] = [await prepared(producer), await prepared(worker)]
  const folder = await folderOfFiles()
  const server = await startServer()
  const env = { FAKTORY_URL: server.url }
  let program: Program | undefined
  let run: string | undefined
  try {
    if (producer === worker) {
      program = new Program([join(working, 'run.sh'), folder.path], env)
    } else {
      const push = new Program([join(pushing, 'run.sh'), 'push', folder.path], env)
      expect(await push.exited, push.errors).toBe(0)
      program = new Program([join(working, 'run.sh'), 'work'], env)
    }
    for (const { path, content } of folder.files) {
      const line = await program.until((lines) =>
        lines.find((text) => text.startsWith(`DigestFile ${path}: `)),
      )
      expectDigest(line, content)
    }
    await program.until((lines) => lines.find((line) => line.startsWith('PublishReport failed: ')))
    await untilInfo(server, ({ sets }) => sets.retries === 1)
    await hurry(server)

    run = await program.until((lines) => reportFolder(lines))
    const report = await readFile(join(run, 'report.txt'), 'utf8')
    expect(report.split('\n').sort()).toEqual(['', ...folder.files.map(reportLine)].sort())

    await untilInfo(server, ({ sets }) => sets.working + sets.retries + sets.dead === 0)
    expect(await program.kill('SIGTERM'), program.errors).toBe(0)
  } finally {
    await program?.kill('SIGKILL')
    await server.stop()
    if (run !== undefined) await rm(run, { recursive: true })
    await rm(folder.path, { recursive: true })
  }
}

/** Runs both programs of an example where no server is. */
export async function runWithoutServer(kit: ExampleKit): Promise<void> {
  const folder = await prepared(kit)
  const env = { FAKTORY_URL: `tcp://127.0.0.1:${await freePort()}` }
  for (const args of [['push', folder], ['work']]) {
    const program = new Program([join(folder, 'run.sh'), ...args], env)
    expect(await program.exited).toBe(1)
    expect(program.errors).toContain('No job server answers')
    expect(program.errors).toContain('Start Jobmill with `npm start`, or set FAKTORY_URL')
  }
}

interface File {
  readonly path: string
  readonly content: Buffer
}

/** A temporary folder with files of several kinds, and a folder in it, which is no file. */
async function folderOfFiles(): Promise<{ path: string; files: File[] }> {
  const path = await mkdtemp(join(tmpdir(), 'jobmill-files-'))
  const files = [
    { path: join(path, 'empty'), content: Buffer.alloc(0) },
    {
      path: join(path, 'with blanks.txt'),
      content: Buffer.from('the same again\n'.repeat(20_000)),
    },
    { path: join(path, 'žluťoučký 🐎.bin'), content: randomBytes(300_000) },
  ]
  await Promise.all(files.map((file) => writeFile(file.path, file.content)))
  await mkdir(join(path, 'folder'))
  return { path, files }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function reportLine({ path, content }: File): string {
  return `${sha256(content)}  ${path}`
}

function expectDigest(line: string, content: Buffer): void {
  const match = /: (\d+) bytes, gzip (\d+) bytes, sha256 (\w+)$/.exec(line)
  expect([match?.[1], match?.[3]]).toEqual([String(content.length), sha256(content)])
  // Compressors differ a little.
  const usual = gzipSync(content).length
  expect(Number(match?.[2])).toBeGreaterThan(usual * 0.5)
  expect(Number(match?.[2])).toBeLessThan(usual * 2)
}

function reportFolder(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const report = /^PublishReport (.+\/report\.txt): /.exec(line)?.[1]
    if (report !== undefined) return dirname(report)
  }
  return undefined
}

/** Makes the retry due at once, with the very text that the README pipes into netcat. */
async function hurry(server: RunningServer): Promise<void> {
  const text = /^printf '(.+)' \| nc /m.exec(await readFile(README, 'utf8'))?.[1]
  const line = text?.split('\\n').find((part) => part.startsWith('MUTATE '))
  if (line === undefined) throw new Error('examples/README.md has no printf … | nc with a MUTATE')
  const connection = await FwpConnection.open(server)
  expect(await connection.send(line)).toMatchObject({ kind: 'simple', text: 'OK' })
  connection.end()
}
