import { Hono } from 'hono'
import type { Tools } from '../app.tsx'
import type { Env } from '../context.ts'

export function apiRoutes(_tools: Tools): Hono<Env> {
  return new Hono<Env>()
}
