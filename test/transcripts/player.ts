import { lineOf, replyMismatch } from './matchers.ts'
import { Peer } from './peer.ts'
import { hashOf, Variables } from './variables.ts'

/** One step of a case; README.md describes the format. */
export interface Step {
  readonly on?: string
  readonly only?: 'faktory' | 'jobmill'
  readonly connect?: string
  readonly open?: string
  readonly wid?: string
  readonly hello?: Readonly<Record<string, unknown>>
  readonly send?: string | readonly unknown[]
  readonly raw?: string
  readonly hex?: string
  readonly expect?: unknown
  readonly jobmill?: unknown
  readonly poll?: string | readonly unknown[]
  readonly silent_ms?: number
  readonly wait_ms?: number
  readonly close?: string
  readonly expect_close?: string
  readonly allow_error?: boolean
  readonly within_ms?: readonly [number, number]
  readonly timeout_ms?: number
  readonly save?: Readonly<Record<string, string>>
}

export interface Case {
  readonly name: string
  readonly requires?: readonly ('password' | 'no-password' | 'slow' | 'long')[]
  readonly steps: readonly Step[]
}

const TIMEOUT_MS = 5_000
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Empties a server and plays a case on it. Rejects with the step that went wrong. */
export async function play(port: number, password: string, { steps }: Case): Promise<void> {
  const player = new Player(port, password)
  try {
    for (const step of [{ open: 'a' }, ...RESET]) await player.step(step)
    for (const step of steps) {
      try {
        await player.step(step)
      } catch (error) {
        throw new Error(`${JSON.stringify(step).slice(0, 300)}\n${(error as Error).message}`, {
          cause: error,
        })
      }
    }
  } finally {
    player.end()
  }
}

const RESET: readonly Step[] = [
  { send: 'QUEUE REMOVE *', expect: '+OK' },
  { send: 'FLUSH', expect: '+OK' },
  { close: 'a' },
]

class Player {
  readonly #port: number
  readonly #password: string
  readonly #variables: Variables
  readonly #peers = new Map<string, Peer>()

  constructor(port: number, password: string) {
    this.#port = port
    this.#password = password
    this.#variables = new Variables(password)
  }

  end(): void {
    for (const peer of this.#peers.values()) peer.close()
  }

  async step(step: Step): Promise<void> {
    if (step.only === 'faktory') return
    const name = step.on ?? 'a'
    const startMs = performance.now()
    if (step.connect !== undefined) await this.#connect(step.connect)
    else if (step.open !== undefined) await this.#open(step.open, step)
    else if (step.poll !== undefined) await this.#poll(name, step.poll, step, startMs)
    else if (step.silent_ms !== undefined) await this.#peer(name).silence(step.silent_ms)
    else if (step.wait_ms !== undefined) await pause(step.wait_ms)
    else if (step.close !== undefined) this.#peer(step.close).close()
    else if (step.expect_close !== undefined) {
      const [low, high] = step.within_ms ?? [0, 2_000]
      await this.#peer(step.expect_close).end(high, step.allow_error === true)
      const tookMs = performance.now() - startMs
      if (tookMs < low) throw new Error(`closed after ${tookMs} ms already`)
    } else await this.#say(name, step, startMs)
  }

  async #say(name: string, step: Step, startMs: number): Promise<void> {
    const peer = this.#peer(name)
    if (step.send !== undefined) peer.send(Buffer.from(`${this.#command(step.send)}\r\n`))
    if (step.raw !== undefined) peer.send(Buffer.from(this.#variables.text(step.raw)))
    if (step.hex !== undefined) peer.send(Buffer.from(step.hex, 'hex'))
    const want = step.jobmill ?? step.expect
    if (want === undefined) return
    const [low, high] = step.within_ms ?? [0, step.timeout_ms ?? TIMEOUT_MS]
    const reply = await peer.reply(high + 1_000)
    const tookMs = performance.now() - startMs
    const fault = replyMismatch(this.#variables.deep(want), reply)
    if (fault !== undefined) throw new Error(fault)
    if (tookMs < low || tookMs > high) throw new Error(`took ${tookMs} ms, not ${low}…${high}`)
    for (const [variable, path] of Object.entries(step.save ?? {})) {
      const json: unknown =
        reply.kind === '$' ? JSON.parse(reply.text) : JSON.parse(reply.text.slice(3))
      this.#variables.set(variable, path.split('.').reduce<unknown>(member, json))
    }
  }

  async #poll(
    name: string,
    command: Step['poll'] & {},
    step: Step,
    startMs: number,
  ): Promise<void> {
    const [low, high] = step.within_ms ?? [0, TIMEOUT_MS]
    for (;;) {
      this.#peer(name).send(Buffer.from(`${this.#command(command)}\r\n`))
      const reply = await this.#peer(name).reply(TIMEOUT_MS)
      const fault = replyMismatch(this.#variables.deep(step.jobmill ?? step.expect), reply)
      const tookMs = performance.now() - startMs
      if (fault === undefined && tookMs < low) throw new Error(`true after ${tookMs} ms already`)
      if (fault === undefined) return
      if (tookMs > high) throw new Error(`not so after ${tookMs} ms: ${fault}`)
      await pause(100)
    }
  }

  async #connect(name: string): Promise<Peer> {
    const peer = await Peer.connect(this.#port)
    this.#peers.set(name, peer)
    return peer
  }

  async #open(name: string, step: Step): Promise<void> {
    const peer = await this.#connect(name)
    const hi = JSON.parse((await peer.reply(TIMEOUT_MS)).text.slice(3)) as {
      s?: string
      i?: number
    }
    const more = this.#variables.deep(step.hello ?? {}) as Readonly<Record<string, unknown>>
    const worker = { hostname: 'transcripts', pid: process.pid, labels: ['transcripts'] }
    const hello = {
      v: 2,
      ...more,
      ...(step.wid === undefined ? {} : { wid: this.#variables.text(step.wid), ...worker }),
      ...(hi.s === undefined ? {} : { pwdhash: hashOf(this.#password, hi.s, hi.i ?? 1) }),
    }
    peer.send(Buffer.from(`HELLO ${JSON.stringify(hello)}\r\n`))
    const reply = await peer.reply(TIMEOUT_MS)
    if (lineOf(reply) !== '+OK') throw new Error(`HELLO was answered ${lineOf(reply)}`)
  }

  #peer(name: string): Peer {
    const peer = this.#peers.get(name)
    if (peer === undefined) throw new Error(`no connection ${name}`)
    return peer
  }

  #command(parts: string | readonly unknown[]): string {
    const words = typeof parts === 'string' ? [parts] : parts
    const text = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word)))
    return this.#variables.text(text.join(' '))
  }
}

const member = (value: unknown, key: string): unknown =>
  (value as Readonly<Record<string, unknown>> | undefined)?.[key]
