import type { Context } from 'hono'
import * as v from 'valibot'
import type { Env } from '../context.ts'
import { Problem } from './problems.ts'

const BODY_BYTES_MAX = 8 * 1024 * 1024

/** The text of a JSON body. Throws Problem. */
export async function readBody(c: Context<Env>): Promise<string> {
  if (!(c.req.header('Content-Type') ?? '').startsWith('application/json')) {
    throw new Problem(415, 'NOT_JSON', 'send Content-Type: application/json')
  }
  if (Number(c.req.header('Content-Length') ?? 0) > BODY_BYTES_MAX) throw tooLarge()
  const text = await c.req.text()
  if (text.length > BODY_BYTES_MAX) throw tooLarge()
  return text
}

const tooLarge = (): Problem =>
  new Problem(413, 'BODY_TOO_LARGE', `a body has at most ${BODY_BYTES_MAX} bytes`)

/** A JSON body of a known shape. Throws Problem. */
export async function readShape<T>(
  c: Context<Env>,
  schema: v.GenericSchema<unknown, T>,
): Promise<T> {
  let value: unknown
  try {
    value = JSON.parse(await readBody(c))
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(400, 'INVALID_JSON', (error as Error).message)
  }
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = issue.path?.map((item) => String(item.key)).join('.')
  throw new Problem(
    422,
    'INVALID_BODY',
    path === undefined ? issue.message : `${path}: ${issue.message}`,
  )
}

export const CHANGE = v.strictObject({
  priority: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9))),
  queue: v.optional(v.pipe(v.string(), v.nonEmpty())),
  at: v.optional(v.pipe(v.string(), v.nonEmpty())),
})

export const ACTION = v.strictObject({
  do: v.picklist(['retry', 'kill', 'delete', 'recover']),
  set: v.picklist(['waiting', 'running', 'scheduled', 'retries', 'dead']),
  queue: v.optional(v.string(), ''),
  q: v.optional(v.string(), ''),
  jids: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10_000))),
  dry_run: v.optional(v.boolean(), false),
})
