import { spawn, type ChildProcess } from 'node:child_process'

/** A program that waits this long for a line has hung. */
const LINE_MS = 90_000

// A test that fails half way must leave no worker behind. Vitest ends its workers by process.exit.
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A program with what it wrote, line by line as it comes. */
export class Program {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #watchers = new Set<() => void>()
  #partial = ''
  #errors = ''
  #ended = false
  /** Resolves at the exit with its code, null when a signal ended it. */
  readonly exited: Promise<number | null>

  /**
   * @param command the program and its arguments
   * @param env added to the environment of the tests, without its FAKTORY_ variables
   * @param input what it reads on stdin
   */
  constructor(command: readonly string[], env: Readonly<Record<string, string>>, input = '') {
    const [file = '', ...args] = command
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FAKTORY_'))
    const child = spawn(file, args, { env: { ...Object.fromEntries(inherited), ...env } })
    this.#child = child
    running.add(child)
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors += chunk
    })
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        running.delete(child)
        this.#ended = true
        this.#wake()
        resolve(code)
      })
    })
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  get errors(): string {
    return this.#errors
  }

  /** Sends a signal and waits for the exit. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal)
    return this.exited
  }

  /** Its exit code. Throws, with what it wrote, when it hangs instead of ending. */
  async end(): Promise<number | null> {
    const hung = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(this.#wrong('does not end')), LINE_MS)
      const clear = (): void => clearTimeout(timer)
      this.exited.then(clear, clear)
    })
    return Promise.race([this.exited, hung])
  }

  /**
   * Waits until what it wrote has something.
   * @param find is asked after each line, until it gives something else than undefined
   * @throws when the program ends, or hangs, without it
   */
  async until<T>(find: (lines: readonly string[]) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        how()
      }
      const look = (): void => {
        const found = find(this.#lines)
        if (found !== undefined) settle(() => resolve(found))
        else if (this.#ended) settle(() => reject(this.#wrong('ended without the line looked for')))
      }
      const timer = setTimeout(
        () => settle(() => reject(this.#wrong('waits without the line looked for'))),
        LINE_MS,
      )
      this.#watchers.add(look)
      look()
    })
  }

  #wrong(what: string): Error {
    return new Error(
      `${this.#child.spawnargs.join(' ')} ${what}.\n` +
        `stdout:\n${this.#lines.join('\n')}\nstderr:\n${this.#errors}`,
    )
  }

  #read(chunk: string): void {
    const lines = (this.#partial + chunk).split('\n')
    this.#partial = lines.pop() ?? ''
    this.#lines.push(...lines)
    this.#wake()
  }

  #wake(): void {
    for (const look of this.#watchers) look()
  }
}
