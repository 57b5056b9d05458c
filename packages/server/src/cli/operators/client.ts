import { userInfo } from 'node:os'
import * as v from 'valibot'
import type { Target } from './target.ts'

/** What the API refused, or why it could not be asked. The message says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** Of docs/api.md, "Codes of this page"; '' where the server is at a loss for one, or not there. */
  readonly code: string

  constructor(message: string, code = '', options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** An answer: as it came, for programs and for numbers that JavaScript would round, and parsed. */
export interface Answer {
  readonly text: string
  readonly value: unknown
}

/** No answer of the API takes as long. */
const PATIENCE_MS = 30_000
const PROBLEM = v.object({ detail: v.string(), code: v.string() })

/** A running server's JSON API. Source: docs/api.md */
export class ApiClient {
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  get url(): string {
    return this.#target.url
  }

  /** @param path below /api/v1, its parts encoded   @param query undefined and '' members are left out */
  get(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<Answer> {
    const said = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') said.set(name, value)
    }
    const search = said.toString()
    return this.#ask('GET', search === '' ? path : `${path}?${search}`)
  }

  /** @param body JSON text, or undefined for none */
  send(method: 'POST' | 'DELETE', path: string, body?: string): Promise<Answer> {
    return this.#ask(method, path, body)
  }

  /** Throws ApiError. */
  async #ask(method: string, path: string, body?: string): Promise<Answer> {
    const { url, password } = this.#target
    const login = Buffer.from(`${userName()}:${password}`).toString('base64')
    let response: Response
    let text: string
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(PATIENCE_MS),
        headers: {
          ...(password === '' ? {} : { Authorization: `Basic ${login}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
      })
      text = await response.text()
    } catch (error) {
      throw this.#unreachable(error as Error)
    }
    const type = response.headers.get('Content-Type') ?? ''
    if (response.status === 204) return { text: '', value: undefined }
    if (!/^application\/(problem\+)?json/.test(type)) throw this.#strange(response, text)
    const value: unknown = JSON.parse(text)
    if (response.ok) return { text, value }
    const problem = v.safeParse(PROBLEM, value)
    if (!problem.success) throw this.#strange(response, text)
    throw new ApiError(problem.output.detail, problem.output.code)
  }

  #unreachable(error: Error): ApiError {
    const { url } = this.#target
    const options = { cause: error }
    if (error.name === 'TimeoutError') {
      const seconds = PATIENCE_MS / 1000
      return new ApiError(`${url} did not answer for ${seconds} s: look at its log`, '', options)
    }
    const cause = error.cause as { code?: string; message?: string } | undefined
    const why = cause?.code ?? cause?.message ?? error.message
    return new ApiError(
      `no server answers at ${url} (${why}): start it with jobmill server, or give the address of ` +
        'its pages with --url (or its web binding with -w)',
      '',
      options,
    )
  }

  /** An answer that is none of the API's. */
  #strange({ status, headers }: Response, text: string): ApiError {
    const { url, password, advice } = this.#target
    if (status === 401) {
      const what = password === '' ? 'wants a password' : 'does not take the password'
      return new ApiError(`${url} ${what}: ${advice}`)
    }
    const line = text.split('\n')[0]?.slice(0, 200) ?? ''
    if (status === 429 || status === 421 || status === 503) return new ApiError(`${url}: ${line}`)
    const location = headers.get('Location')
    const where = location === null ? '' : `, leads to ${location}`
    return new ApiError(
      `${url} answers ${status}${where}: that is no Jobmill; give the address of its pages with --url`,
    )
  }
}

/** For the server's log: a claim, no proof. */
function userName(): string {
  try {
    return userInfo().username.replaceAll(':', '')
  } catch {
    // A user without an entry, as containers have them.
    return ''
  }
}
