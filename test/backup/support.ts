import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { FwpConnection } from '../support/fwp.ts'
import { startServer, type RunningServer, type ServerOptions } from '../support/server.ts'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

export interface Ran {
  /** null when a signal ended it. */
  readonly code: number | null
  /** Both outputs. */
  readonly text: string
}

/** Runs `jobmill …` to its end. @param killAfterMs sends SIGKILL then, if it still runs */
export function jobmill(args: readonly string[], killAfterMs?: number): Promise<Ran> {
  return run(process.execPath, [COMMAND, ...args], killAfterMs)
}

/** The same, with files that may grow to so many bytes only. */
export function jobmillWithin(bytes: number, args: readonly string[]): Promise<Ran> {
  return run('prlimit', [`--fsize=${bytes}`, process.execPath, COMMAND, ...args])
}

function run(program: string, args: readonly string[], killAfterMs?: number): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const timer =
    killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, text })
    })
  })
}

/** A server that is gone when the test is over, whatever its end. */
export async function serverOf(options: ServerOptions): Promise<RunningServer> {
  const server = await startServer(options)
  onTestFinished(async () => {
    await server.kill('SIGKILL')
  })
  return server
}

/** A folder that is gone after `work`. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jobmill-backup-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The jids in a file of data or a backup. */
export function jidsIn(file: string): Set<string> {
  const db = new Sqlite(file, { readonly: true })
  try {
    return new Set(db.prepare<[], string>('select jid from job').pluck().all())
  } finally {
    db.close()
  }
}

const pushOf = (jid: string, bytes: number, queue = 'default'): string =>
  `PUSH ${JSON.stringify({ jid, jobtype: 'T', queue, args: ['x'.repeat(bytes)] })}`

/** Pushes jobs `<name>-<number>` one after the other's answer, 50 at a time. */
export async function pushMany(port: number, name: string, count: number, bytes = 10) {
  const connection = await FwpConnection.open({ port })
  for (let from = 0; from < count; from += 50) {
    const lines = Array.from({ length: Math.min(50, count - from) }, (_, i) =>
      pushOf(`${name}-${String(from + i).padStart(8, '0')}`, bytes),
    )
    const replies = await Promise.all(lines.map((line) => connection.send(line)))
    for (const { text } of replies) if (text !== 'OK') throw new Error(`a push said ${text}`)
  }
  connection.end()
}

/** Clients that push and work until they are stopped, and remember by when what was acknowledged. */
export class Traffic {
  /** jid → epoch ms of `+OK`. */
  readonly pushed = new Map<string, number>()
  readonly acked = new Map<string, number>()
  /** Jids whose ACK was sent: they may be gone, whatever was answered. */
  readonly sentAcks = new Set<string>()
  #stopped = false
  #clients: Promise<void>[] = []

  start(port: number): void {
    // Nobody works on the first one's queue, so that there is a backlog.
    for (const queue of ['backlog', 'default', 'default']) {
      this.#clients.push(this.#produce(port, `made-by-${this.#clients.length}`, queue))
    }
    this.#clients.push(this.#work(port))
  }

  /** Resolves when every client has its last answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#clients)
  }

  async #produce(port: number, name: string, queue: string): Promise<void> {
    const connection = await FwpConnection.open({ port })
    for (let i = 0; !this.#stopped; i += 1) {
      const jid = `${name}-${i}`
      const { text } = await connection.send(pushOf(jid, 200, queue))
      if (text !== 'OK') throw new Error(`a push said ${text}`)
      this.pushed.set(jid, Date.now())
    }
    connection.end()
  }

  async #work(port: number): Promise<void> {
    const connection = await FwpConnection.open({ port, wid: 'worker-1' })
    while (!this.#stopped) {
      const { text } = await connection.send('FETCH default')
      if (text === undefined) continue
      const { jid } = JSON.parse(text) as { jid: string }
      this.sentAcks.add(jid)
      await connection.send(`ACK ${JSON.stringify({ jid })}`)
      this.acked.set(jid, Date.now())
    }
    connection.end()
  }
}
