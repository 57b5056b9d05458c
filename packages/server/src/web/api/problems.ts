import type { Refusal } from '@jobmill/protocol'
import type { Context } from 'hono'
import { FilterError } from '../../filter/parse.ts'
import { StoreError } from '../../store/store.ts'
import type { Env } from '../context.ts'

type Status = 400 | 403 | 404 | 409 | 413 | 415 | 422 | 500 | 503

/** What went wrong, for programs. Source: RFC 9457; the codes: docs/protocol.md, "Errors" */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: Status
  readonly code: string

  constructor(status: Status, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

const TITLES: Readonly<Record<Status, string>> = {
  400: 'Bad request',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Cannot be done',
  500: 'Internal error',
  503: 'Unavailable',
}

export function refused(refusal: Refusal): Problem {
  const status = refusal.code === 'JOB_NOT_FOUND' ? 409 : 422
  return new Problem(status, refusal.code, refusal.text)
}

/** @returns undefined for a fault of the server */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error
  if (error instanceof FilterError) {
    return new Problem(422, 'INVALID_FILTER', `${error.message} (at character ${error.position})`)
  }
  if (!(error instanceof StoreError)) return undefined
  const codes = {
    loading: 'LOADING',
    unwritable: 'STORE_UNWRITABLE',
    away: 'STORE_AWAY',
    closed: 'SHUTDOWN',
  } as const
  return new Problem(503, codes[error.code], error.message)
}

export function sendProblem(c: Context<Env>, { status, code, message }: Problem): Response {
  const body = { type: 'about:blank', title: TITLES[status], status, detail: message, code }
  return c.body(JSON.stringify(body), status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  })
}
