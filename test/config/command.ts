import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'

/** The built command, as a user runs it. */
export const COMMAND = fileURLToPath(
  new URL('../../packages/server/dist/cli/main.js', import.meta.url),
)

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  /** What the log said so far, a line an event. */
  messages(): string[]
  /** Waits until a message matches. @returns the first that does */
  said(pattern: RegExp): Promise<string>
  signal(signal: NodeJS.Signals): void
  readonly exited: Promise<number | null>
}

export interface Machine {
  readonly home: string
  /** Writes a file below the home folder, and the folders on the way. */
  write(name: string, text: string): void
  /** Runs the command to its end. In what it prints the home folder is `~`. */
  run(args: readonly string[], variables?: Readonly<Record<string, string>>): Outcome
  /** The same while the test goes on: for servers and connections that live in its process. */
  runBeside(args: readonly string[], variables?: Readonly<Record<string, string>>): Promise<Outcome>
  /** Starts it; it is killed at the end of the test. */
  start(args: readonly string[], variables?: Readonly<Record<string, string>>): Running
}

/** A home folder of its own, removed at the end of the test, and no variables of ours or Faktory's. */
export function machine(): Machine {
  const home = mkdtempSync(join(tmpdir(), 'jobmill-config-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const inherited = Object.entries(process.env).filter(([name]) => !/^(FAKTORY|JOBMILL)/.test(name))
  const environment = (variables: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
    ...Object.fromEntries(inherited),
    HOME: home,
    ...variables,
  })
  const shorter = (text: string): string => text.replaceAll(home, '~')
  return {
    home,
    write(name, text) {
      mkdirSync(dirname(join(home, name)), { recursive: true })
      writeFileSync(join(home, name), text)
    },
    run(args, variables) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
        cwd: home,
        env: environment(variables),
        encoding: 'utf8',
      })
      return { code: status, stdout: shorter(stdout), stderr: shorter(stderr) }
    },
    runBeside(args, variables) {
      const child = spawn(process.execPath, [COMMAND, ...args], {
        cwd: home,
        env: environment(variables),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const output = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk))
      }
      return new Promise((resolve, reject) => {
        child.once('error', reject)
        child.once('close', (code) => {
          resolve({ code, stdout: shorter(output.stdout), stderr: shorter(output.stderr) })
        })
      })
    },
    start(args, variables) {
      const child = spawn(process.execPath, [COMMAND, ...args], {
        cwd: home,
        env: environment(variables),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      const messages = (): string[] =>
        text
          .split('\n')
          .slice(0, -1)
          .map((line) => shorter((JSON.parse(line) as { msg: string }).msg))
      return {
        pid: child.pid ?? 0,
        messages,
        said: async (pattern) => {
          await expect
            .poll(() => messages().join('\n'), { timeout: 30_000 })
            .toMatch(new RegExp(pattern, 'm'))
          return messages().find((message) => pattern.test(message)) ?? ''
        },
        signal: (signal) => void child.kill(signal),
        exited: new Promise((resolve) => child.once('close', resolve)),
      }
    },
  }
}
