import { State } from '@jobmill/core'
import { parseRfc3339 } from '@jobmill/protocol'
import type { Comparison, JobFilter, Part, Test } from './filter.ts'
import { Hiding } from './values.ts'

const LENGTH_MAX = 1000
const PARTS_MAX = 20

/** A filter text that is none: what is wrong, and where. */
export class FilterError extends Error {
  override readonly name = 'FilterError'
  /** Index of the first character of the part. */
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

/** Names of places, as people and scripts write them. */
export const PLACE_NAMES = {
  waiting: State.Queued,
  running: State.Reserved,
  scheduled: State.Scheduled,
  retries: State.Retry,
  dead: State.Dead,
} as const satisfies Record<string, State>

/**
 * Reads a filter as people write it: `field:value` parts that must all hold, `-` negates, quotes keep
 * blanks, `*` is any text, a comma means or.
 * @param hidden names and paths in args that must not be found
 * Throws FilterError. Source: docs/web-ui.md, "Filters"
 */
export function parseFilter(text: string, hidden: readonly string[] = []): JobFilter {
  if (text.length > LENGTH_MAX) {
    throw new FilterError(`a filter has at most ${LENGTH_MAX} characters`, LENGTH_MAX)
  }
  const parts = words(text).map(({ word, position }) => {
    try {
      return partOf(word, hidden)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new FilterError(error.message, position)
    }
  })
  if (parts.length > PARTS_MAX) {
    throw new FilterError(`a filter has at most ${PARTS_MAX} parts`, text.length)
  }
  return { parts, ...(hidden.length === 0 ? {} : { hidden }) }
}

/** Text between blanks; quotes keep blanks and are taken off, `\"` is a quote. */
function words(text: string): { word: string; position: number }[] {
  const found: { word: string; position: number }[] = []
  const pattern = /(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/gs
  for (const { 0: raw, index } of text.matchAll(pattern)) {
    const word = raw.replace(/"((?:[^"\\]|\\.)*)"?/gs, (_, inside: string) =>
      inside.replace(/\\(["\\])/g, '$1'),
    )
    found.push({ word, position: index })
  }
  return found
}

function partOf(word: string, hidden: readonly string[]): Part {
  const negated = word.startsWith('-') && word.length > 1
  const body = negated ? word.slice(1) : word
  const colon = body.indexOf(':')
  const name = colon < 0 ? '' : body.slice(0, colon)
  // `Stripe::RateLimitError` is a word, not a field.
  if (colon <= 0 || body.startsWith('::', colon)) {
    if (body === '') throw new RangeError('a word or field:value is missing')
    return { field: 'word', text: body, negated }
  }
  const value = body.slice(colon + 1)
  if (value === '') throw new RangeError(`${name}: needs a value`)
  return { ...testOf(name, value, hidden), negated }
}

const FIELDS =
  'jid, queue, jobtype, worker, error, state, priority, tries, size, wait, at, failed, created, ' +
  'args, message, args.0.name, custom.name'

function testOf(name: string, value: string, hidden: readonly string[]): Test {
  const [root = '', ...path] = name.split('.')
  if (path.length > 0 && (root === 'args' || root === 'custom')) {
    if (new Hiding(hidden).hides([root, ...path])) {
      throw new RangeError(`${name} is hidden, so it cannot be searched`)
    }
    return { field: 'value', root, path, pattern: value }
  }
  switch (name) {
    case 'jid':
    case 'queue':
    case 'jobtype':
    case 'worker':
    case 'error':
      return { field: name, patterns: value.split(',').filter((one) => one !== '') }
    case 'state':
      return { field: 'state', states: value.split(',').map(stateOf) }
    case 'priority':
      return { field: 'priority', values: value.split(',').map(priorityOf) }
    case 'tries':
      return { field: 'tries', ...compared(value, wholeNumber) }
    case 'size':
      return { field: 'size', ...compared(value, bytes) }
    case 'wait':
      return { field: 'wait', ...compared(value, duration) }
    case 'at':
    case 'failed':
    case 'created':
      return timed(name, value)
    case 'args':
    case 'message':
      return { field: name, text: value }
    default:
      throw new RangeError(`there is no field ${name}: there are ${FIELDS}`)
  }
}

function stateOf(name: string): State {
  const found = Object.entries(PLACE_NAMES).find(([known]) => known === name)
  if (found === undefined) {
    throw new RangeError(`${name} is no state: there are ${Object.keys(PLACE_NAMES).join(', ')}`)
  }
  return found[1]
}

function priorityOf(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new RangeError('priority is 1 to 9')
  return Number(text)
}

function compared(text: string, read: (text: string) => number): { is: Comparison; value: number } {
  const [, is = '=', rest = ''] = /^(<=|>=|<|>|=)?(.*)$/s.exec(text) ?? []
  return { is: is as Comparison, value: read(rest) }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`${text} is no whole number`)
  return Number(text)
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

function duration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|min|h|d)$/.exec(text) ?? []
  const ms = UNIT_MS[unit]
  if (ms === undefined) throw new RangeError(`${text} is no duration: write 30s, 10m, 2h or 3d`)
  return Number(number) * ms
}

function bytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9})(k|m)?b?$/i.exec(text) ?? []
  if (number === '') throw new RangeError(`${text} is no size: write 500, 64k or 1m`)
  const power = { '': 1, k: 1024, m: 1024 * 1024 }[unit.toLowerCase()] ?? 1
  return Number(number) * power
}

function timed(field: 'at' | 'failed' | 'created', text: string): Test {
  const { is, value } = compared(text, (rest) => timeOf(rest) ?? duration(rest))
  const relative = timeOf(text.replace(/^[<>=]+/, '')) === undefined
  return { field, is, value, relative }
}

/** A day, or a time of it, UTC where it names no zone. */
function timeOf(text: string): number | undefined {
  const [, day = '', clock = 'T00:00', seconds = ':00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d)?(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? []
  return day === '' ? undefined : parseRfc3339(`${day}${clock}${seconds}${zone}`)
}
