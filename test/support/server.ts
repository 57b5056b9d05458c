import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built command. Tests run what a user runs; scripts/test.mjs builds it first. */
const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

/** Loading a deep backlog on a busy machine takes a while; a server that hangs still fails a test. */
const START_MS = 60_000

/** A server's whole output is kept up to this many characters, then its newest part. */
const OUTPUT_MAX = 8 * 1024 * 1024

export interface ServerOptions {
  /** Data folder, kept at the end. Absent: a temporary one, removed by `stop`. */
  readonly dir?: string
  /** Added after the arguments that `startServer` passes itself; a flag given here wins. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly password?: string
  /** What `ulimit -n` allows the server; absent: what it allows the tests. */
  readonly openFiles?: number
  /** false: no pages (`-w :0`), so `webPort` is 0. */
  readonly web?: boolean
}

export interface RunningServer {
  readonly pid: number
  /** TCP port of the protocol on 127.0.0.1. */
  readonly port: number
  /** TCP port of the pages on 127.0.0.1; 0 when they are off. */
  readonly webPort: number
  readonly dir: string
  /** For clients: `tcp://[:password@]127.0.0.1:port`. */
  readonly url: string
  /** Resolves at the exit, however it comes: the exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Everything the server wrote to stdout and stderr so far. */
  output(): string
  /**
   * Sends a signal, SIGKILL if none is named, and waits for the exit.
   * @returns the exit code, null when a signal ended it
   */
  kill(signal?: NodeJS.Signals): Promise<number | null>
  /**
   * SIGTERM, wait for the exit, remove the data folder if `startServer` made it. May be called twice
   * and after `kill`. Throws when the server stopped by itself with another code than 0.
   */
  stop(): Promise<void>
}

// A test file that dies half way must leave no server behind. Vitest ends its workers by
// process.exit, which runs these.
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a Jobmill server of its own on free ports of 127.0.0.1 and waits until it listens.
 * The environment of the tests is passed on, but none of its FAKTORY_ and JOBMILL_ variables.
 * Throws, with the server's output, when it exits or says nothing for a minute.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'jobmill-test-')))
  const limit = options.openFiles === undefined ? '' : `ulimit -n ${options.openFiles}; `
  const command = [process.execPath, COMMAND, ...serverArguments(options, dir)]
  const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...command], {
    env: serverEnvironment(options, dir),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)

  let text = ''
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  const ports = new Promise<Ports>((resolve, reject) => {
    let found = false
    const timer = setTimeout(() => {
      reject(new Error(`the server did not listen within ${START_MS} ms:\n${text}`))
    }, START_MS)
    const read = (chunk: string): void => {
      text = (text + chunk).slice(-OUTPUT_MAX)
      // Once the ports are known the output is only kept: searching it again with every chunk
      // would cost the square of its length.
      if (found) return
      const both = readPorts(text, options.web !== false)
      if (both === undefined) return
      found = true
      clearTimeout(timer)
      resolve(both)
    }
    child.stdout.setEncoding('utf8').on('data', read)
    child.stderr.setEncoding('utf8').on('data', read)
    exited.then(
      (code) => {
        clearTimeout(timer)
        reject(
          new Error(`the server exited with ${code ?? 'a signal'} before it listened:\n${text}`),
        )
      },
      (cause: unknown) => {
        clearTimeout(timer)
        reject(new Error('the server could not be spawned', { cause }))
      },
    )
  })

  const removeDir = async (): Promise<void> => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
  }
  try {
    const { port, webPort } = await ports
    const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`
    let killed = false
    return {
      pid: child.pid ?? 0,
      port,
      webPort,
      dir,
      url: `tcp://${login}127.0.0.1:${port}`,
      exited,
      output: () => text,
      kill: async (signal = 'SIGKILL') => {
        killed = true
        child.kill(signal)
        return exited
      },
      stop: async () => {
        child.kill('SIGTERM')
        const code = await exited
        await removeDir()
        if (code !== 0 && !killed)
          throw new Error(`the server exited with ${code ?? 'a signal'}:\n${text}`)
      },
    }
  } catch (error) {
    child.kill('SIGKILL')
    await exited.catch(() => null)
    await removeDir()
    throw error
  }
}

interface Ports {
  readonly port: number
  readonly webPort: number
}

/** The ports in what the server wrote so far; undefined until all of them are there. */
function readPorts(text: string, web: boolean): Ports | undefined {
  const port = /PID \d+ listening at 127\.0\.0\.1:(\d+), press Ctrl-C to stop/.exec(text)?.[1]
  if (port === undefined) return undefined
  if (!web) return { port: Number(port), webPort: 0 }
  const webPort = /Web server now listening at 127\.0\.0\.1:(\d+)/.exec(text)?.[1]
  return webPort === undefined ? undefined : { port: Number(port), webPort: Number(webPort) }
}

function serverArguments(options: ServerOptions, dir: string): string[] {
  const web = options.web === false ? ':0' : '127.0.0.1:0'
  return ['server', '-b', '127.0.0.1:0', '-w', web, '-d', dir, ...(options.args ?? [])]
}

function serverEnvironment(options: ServerOptions, dir: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(FAKTORY|JOBMILL)_/.test(name))
  return {
    ...Object.fromEntries(own),
    // Configuration files of whoever runs the tests must not decide them.
    HOME: dir,
    ...(options.password === undefined ? {} : { JOBMILL_PASSWORD: options.password }),
    ...options.env,
  }
}
