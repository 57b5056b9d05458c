import type { Logger } from 'pino'

/** One line an event. */
export type Log = Logger
