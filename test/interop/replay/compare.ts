import type { RecordedReply } from './recording.ts'

type Json = Readonly<Record<string, unknown>>

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** Differs each time. */
const TIMES = new Set(['created_at', 'enqueued_at', 'failed_at', 'next_at'])

const HI_WITH_SALT = /^HI \{"v":2,"i":\d+,"s":"[0-9a-f]+"\}$/

/**
 * What is wrong with a reply, beside the one that Faktory gave to the same line.
 * @param verb of the command; `HI` for the greeting
 * @returns undefined when nothing is
 */
export function difference(
  verb: string,
  recorded: RecordedReply,
  got: RecordedReply,
): string | undefined {
  // The recorded server had neither batches nor tracking.
  if (verb === 'BATCH' || verb === 'TRACK') return undefined
  if (recorded.sign !== got.sign) return `${got.sign}${got.text} instead of ${recorded.sign}`
  if (recorded.sign === '$') {
    const [a, b]: [unknown, unknown] = [JSON.parse(recorded.text), JSON.parse(got.text)]
    const figures = verb === 'INFO' || verb === 'QUEUE'
    return figures ? differentShape(a, b, verb) : differentValue(a, b, verb)
  }
  if (verb === 'HI' && recorded.text.includes('"s":')) {
    return HI_WITH_SALT.test(got.text) ? undefined : `greeted with ${got.text}`
  }
  // Older servers, and clients that look for it, write it with a capital.
  const expected = recorded.text.replace(/^ERR unknown worker/, 'ERR Unknown worker')
  return expected === got.text ? undefined : `${got.text} instead of ${expected}`
}

/** The same keys and values, but for times, and for the priority that Jobmill gives back. */
function differentValue(a: unknown, b: unknown, path: string): string | undefined {
  if (!isObject(a) || !isObject(b)) {
    return JSON.stringify(a) === JSON.stringify(b) ? undefined : `${path}: ${JSON.stringify(b)}`
  }
  const more = Object.keys(b).find((key) => !(key in a) && key !== 'priority')
  if (more !== undefined) return `${path}: ${more} is too much`
  for (const [key, value] of Object.entries(a)) {
    const there = `${path}.${key}`
    if (TIMES.has(key)) {
      if (!TIME.test(String(b[key]))) return `${there}: ${JSON.stringify(b[key])} is no time`
      continue
    }
    const found = differentValue(value, b[key], there)
    if (found !== undefined) return found
  }
  return undefined
}

/** At least the same keys, with values of the same type. */
function differentShape(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a !== typeof b) return `${path}: ${JSON.stringify(b)}`
  if (typeof a === 'string') {
    const timeAgrees = TIME.test(a) === TIME.test(String(b))
    return timeAgrees ? undefined : `${path}: ${JSON.stringify(b)} is no time`
  }
  if (!isObject(a) || !isObject(b)) return undefined
  // Which queues there were is another server's history.
  if (path.endsWith('.queues')) {
    return Object.values(b).every(Number.isInteger) ? undefined : `${path}: no integers`
  }
  for (const [key, value] of Object.entries(a)) {
    const found = differentShape(value, b[key], `${path}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
