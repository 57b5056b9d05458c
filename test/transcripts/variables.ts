import { createHash, randomBytes } from 'node:crypto'

/** What a client sends for a password; our own arithmetic, apart from the server's. */
export function hashOf(password: string, salt: string, iterations: number): string {
  let hash = createHash('sha256')
    .update(password + salt)
    .digest()
  for (let i = 1; i < iterations; i += 1) hash = createHash('sha256').update(hash).digest()
  return hash.toString('hex')
}

/** Replaces `${name}` in what a case sends and expects; each case has values of its own. */
export class Variables {
  readonly #values = new Map<string, string>()
  readonly #suffix = randomBytes(5).toString('hex')

  constructor(password: string) {
    this.#values.set('password', password)
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, String(value))
  }

  text(text: string): string {
    const filled = text.replace(/\$\{([^}]+)\}/g, (_, name: string) => this.#value(name))
    return filled.replace(/#\{pwdhash:([^:}]*):([^:}]*):(\d+)\}/g, (_, word, salt, count) =>
      hashOf(String(word), String(salt), Number(count)),
    )
  }

  /** Every text inside a JSON value. */
  deep(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.deep(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.deep(item)]),
    )
  }

  #value(name: string): string {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const [kind = '', ...rest] = name.split(':')
    const amount = Number(rest.at(-1))
    if (/^now([+-][\d.]+)?$/.test(name)) return after(Number(name.slice(3) || 0))
    if (kind === 'repeat') return rest.slice(0, -1).join(':').repeat(amount)
    if (kind === 'lines') return list(amount, (i) => `"line ${i + 1}"`)
    if (kind === 'jobs') return this.#jobs(amount, {})
    if (kind === 'jobs_at') return this.#jobs(Number(rest[0]), { at: after(amount) })
    if (!/^(jid|wid|q|id)\w*$/.test(name)) throw new Error(`no variable ${name}`)
    const made = name.startsWith('jid')
      ? `${name}-${randomBytes(9).toString('hex')}`
      : `${name}-${this.#suffix}`
    this.#values.set(name, made)
    return made
  }

  #jobs(count: number, more: { at?: string }): string {
    const queue = this.#value('q')
    return list(count, (i) =>
      JSON.stringify({ jid: `bulk-job-${i}`, jobtype: 'Bulk', queue, args: [i], ...more }),
    )
  }
}

const after = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()
const list = (count: number, item: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(',')
