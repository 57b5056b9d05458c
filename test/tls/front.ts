import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../interop/live/server.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/tls/', import.meta.url))
/** A front that takes longer to listen has failed. */
const START_MS = 20_000

/** What a shipped file is started with in a test. */
export interface Places {
  /** Where clients connect: what the file calls 7443 and 7444. */
  readonly jobs: number
  readonly pages: number
  /** The server: what the file calls 7419 and 7420. */
  readonly serverJobs: number
  readonly serverPages: number
  /** What the file calls /etc/jobmill/tls. */
  readonly pemFile: string
  /** A temporary folder of its own. */
  readonly folder: string
}

/** A front as we ship it. */
export interface FrontKind {
  readonly name: string
  /** Programs; what they lack is said instead of a test. */
  readonly needs: readonly string[]
  /** In examples/tls. */
  readonly files: readonly string[]
  /** What a test puts in the place of what stands in the file: ports, paths and nothing else. */
  replaced(places: Places): readonly (readonly [string, string])[]
  /** @param files as they were written. @returns commands that stay in the foreground */
  commands(files: readonly string[], places: Places): Promise<readonly (readonly string[])[]>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) signal(child, 'SIGKILL')
})

/** The whole group: some fronts have processes of their own. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A front that runs on free ports of 127.0.0.1. */
export class Front {
  readonly #kind: FrontKind
  readonly #places: Places
  #children: ChildProcess[] = []
  #output = ''

  private constructor(kind: FrontKind, places: Places) {
    this.#kind = kind
    this.#places = places
  }

  /** Starts it and waits until it listens. Throws with what it wrote. */
  static async start(
    kind: FrontKind,
    server: { readonly port: number; readonly webPort: number },
    pemFile: string,
  ): Promise<Front> {
    const folder = await mkdtemp(join(tmpdir(), 'jobmill-front-'))
    // Some fronts give up root's rights first.
    await chmod(folder, 0o755)
    const front = new Front(kind, {
      jobs: await freePort(),
      pages: await freePort(),
      serverJobs: server.port,
      serverPages: server.webPort,
      pemFile,
      folder,
    })
    await front.run()
    return front
  }

  get jobsPort(): number {
    return this.#places.jobs
  }

  get pagesPort(): number {
    return this.#places.pages
  }

  /** Starts it again, on the same ports. */
  async run(): Promise<void> {
    const files = await Promise.all(this.#kind.files.map((name) => this.#written(name)))
    for (const [file = '', ...args] of await this.#kind.commands(files, this.#places)) {
      const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
      running.add(child)
      this.#children.push(child)
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.#output += text
        })
      }
    }
    await Promise.all([this.#listens(this.#places.jobs), this.#listens(this.#places.pages)])
  }

  /** Ends it, and every connection through it. */
  async kill(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map(async (child) => {
        const exited = new Promise((resolve) => child.once('close', resolve))
        if (child.exitCode === null && child.signalCode === null) {
          signal(child, 'SIGKILL')
          await exited
        }
        running.delete(child)
      }),
    )
  }

  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#places.folder, { recursive: true })
  }

  /** The shipped file with this test's ports and paths. */
  async #written(name: string): Promise<string> {
    let text = await readFile(join(EXAMPLES, name), 'utf8')
    for (const [from, to] of this.#kind.replaced(this.#places)) text = text.replaceAll(from, to)
    const left = /\b74(19|20|43|44)\b|\/etc\/jobmill/.exec(text.replaceAll(/^\s*[#;].*$/gm, ''))
    if (left !== null) throw new Error(`examples/tls/${name}: nothing was put for ${left[0]}`)
    const file = join(this.#places.folder, name.replaceAll('/', '-'))
    await writeFile(file, text)
    return file
  }

  async #listens(port: number): Promise<void> {
    const end = Date.now() + START_MS
    while (!(await answers(port))) {
      const ended = this.#children.some((child) => child.exitCode !== null)
      if (ended || Date.now() > end) {
        await this.kill()
        throw new Error(`${this.#kind.name} does not listen:\n${this.#output}`)
      }
      await sleep(20)
    }
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (does: boolean): void => {
      socket.destroy()
      resolve(does)
    }
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}
