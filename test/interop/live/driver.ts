import { join } from 'node:path'
import { Program } from './program.ts'
import { prepared, type Kit } from './prepared.ts'

/**
 * A driver is a small program in a client's language, on that client, unmodified: node/driver.js,
 * python/driver.py, go/main.go, pyfaktory/driver.py, rust/src/main.rs. So one set of scenarios serves
 * every client.
 *
 * `driver push` reads `{"jobs":[job, …],"bulk":true|false}` on stdin, pushes the jobs one by one or
 * in bulk, says `pushed` or `refused` for each, and ends. It exits with 1 when it cannot connect.
 *
 * `driver work` says `ready` and works until it is told to stop. It knows four types of job:
 * `Ok(…)`, `Fail(…)`, `FailOnce(…)`, which succeeds the second time this process gets its jid, and
 * `Sleep(seconds)`, which says `done` when it has slept. Each says `ran` when it begins.
 *
 * Events are JSON, one a line, on stdout.
 */
export type DriverEvent =
  | { readonly event: 'ready' }
  | {
      readonly event: 'ran'
      readonly jid: string
      readonly jobtype: string
      readonly args?: unknown
    }
  | { readonly event: 'done' | 'pushed'; readonly jid: string }
  | { readonly event: 'refused'; readonly jid: string; readonly reason?: string }

export interface PushedJob {
  readonly jid: string
  readonly jobtype: 'Ok' | 'Fail' | 'FailOnce' | 'Sleep' | ''
  readonly args: readonly unknown[]
  readonly queue?: string
  readonly priority?: number
  readonly retry?: number
  readonly at?: string
  readonly reserve_for?: number
}

/** What a client can do, and how it differs from the others. Source: the clients' own code. */
export interface Client {
  /** As in docs/clients.md: the package. */
  readonly name: string
  readonly version: string
  readonly kit: Kit
  /** The program that a machine needs for it. */
  readonly toolchain: string
  readonly bulk: boolean
  /** Whether jobs have a priority. */
  readonly priority: boolean
  /**
   * Where its numbers are exact beyond 2^53: in the handler's arguments, in the text that the client
   * gives without a handler (mode `fetch` of the driver), nowhere.
   */
  readonly exactNumbers: 'handler' | 'text' | 'nowhere'
  /** Seconds between heartbeats, where the client lets one choose. */
  readonly beatSeconds: number
  /** Seconds until its next heartbeat, at most. */
  readonly hearsWithinSeconds: number
  /** false: the worker ends with an error when its connection does. */
  readonly reconnects: boolean
  /** How it writes a password into FAKTORY_URL. */
  readonly inUrl: (password: string) => string
  /** The exit code of a worker that ends because the server said `terminate`. */
  readonly terminatedExit: number
}

export interface WorkOptions {
  readonly url: string
  readonly queues?: string
  readonly concurrency?: number
  readonly wid?: string
}

/** Installs the client, if it is not there yet, and gives the command of its driver. */
export async function driverCommand({ kit }: Client): Promise<readonly string[]> {
  const folder = await prepared(kit)
  const python = join(folder, '.venv', 'bin', 'python')
  const commands: Readonly<Record<Kit, readonly string[]>> = {
    node: [process.execPath, join(folder, 'driver', 'driver.js')],
    python: [python, join(folder, 'driver', 'driver.py')],
    go: [join(folder, '.bin', 'driver')],
    pyfaktory: [python, join(folder, 'driver', 'driver.py')],
    rust: [join(folder, '.bin', 'driver')],
  }
  return commands[kit]
}

/** Starts drivers of one client; `stop` ends those that still run. */
export class Drivers {
  readonly client: Client
  readonly #command: readonly string[]
  readonly #started: Program[] = []

  /** @param command what `driverCommand` gave */
  constructor(client: Client, command: readonly string[]) {
    this.client = client
    this.#command = command
  }

  static async of(client: Client): Promise<Drivers> {
    return new Drivers(client, await driverCommand(client))
  }

  /** Pushes jobs and gives the events that the driver said. Throws when it exits with a failure. */
  async push(url: string, jobs: readonly PushedJob[], bulk = false): Promise<DriverEvent[]> {
    return this.pushText(url, JSON.stringify({ jobs, bulk }))
  }

  /** The same with the order as text, for numbers that JavaScript does not have. */
  async pushText(url: string, text: string): Promise<DriverEvent[]> {
    const program = this.run('push', { FAKTORY_URL: url }, text)
    const code = await program.exited
    if (code !== 0) throw new Error(`push exited with ${code}:\n${program.errors}`)
    return events(program.lines)
  }

  /** Starts a worker and waits until it is ready. */
  async work(options: WorkOptions): Promise<Program> {
    const worker = this.run('work', {
      FAKTORY_URL: options.url,
      DRIVER_QUEUES: options.queues ?? 'default',
      DRIVER_CONCURRENCY: String(options.concurrency ?? 1),
      DRIVER_WID: options.wid ?? `worker-${this.#started.length}`,
      DRIVER_BEAT_SECONDS: String(this.client.beatSeconds),
    })
    await worker.until((lines) => events(lines).find(({ event }) => event === 'ready'))
    return worker
  }

  run(mode: string, env: Readonly<Record<string, string>>, input = ''): Program {
    const program = new Program([...this.#command, mode], env, input)
    this.#started.push(program)
    return program
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((program) => program.kill('SIGKILL')))
  }
}

export function events(lines: readonly string[]): DriverEvent[] {
  return lines.map((line) => JSON.parse(line) as DriverEvent)
}

/** The jids of the events of one kind, in their order. */
export function jids(lines: readonly string[], kind: DriverEvent['event']): string[] {
  return events(lines).flatMap((event) => (event.event === kind && 'jid' in event ? event.jid : []))
}
