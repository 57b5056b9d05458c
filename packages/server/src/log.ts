import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from './log-level.ts'

/** One line an event: what happened, to whom, why, and what to do. */
export type Log = Logger

/** Writes to stdout: readable on a terminal, else JSON. */
export function createLog(level: LogLevel): Log {
  const options = { level, timestamp: pino.stdTimeFunctions.isoTime }
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }))
  return pino(
    options,
    pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }),
  )
}
