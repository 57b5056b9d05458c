import type { Context } from 'hono'
import type { Env } from '../context.ts'

const FORM_BYTES_MAX = 1024 * 1024

/** The fields of a form, every value of each. */
export class Fields {
  readonly #values: URLSearchParams

  constructor(values: URLSearchParams) {
    this.#values = values
  }

  /** '' when there is none. */
  text(name: string): string {
    return this.#values.get(name) ?? ''
  }

  all(name: string): string[] {
    return this.#values.getAll(name).filter((value) => value !== '')
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
}

/** @returns undefined when the body is too large or no form */
export async function readForm(c: Context<Env>): Promise<Fields | undefined> {
  const type = c.req.header('Content-Type') ?? ''
  const announced = Number(c.req.header('Content-Length') ?? 0)
  if (announced > FORM_BYTES_MAX) return undefined
  if (type !== '' && !type.startsWith('application/x-www-form-urlencoded')) return undefined
  const text = await c.req.text()
  return text.length > FORM_BYTES_MAX ? undefined : new Fields(new URLSearchParams(text))
}
