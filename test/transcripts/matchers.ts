/** One reply as it came. */
export interface Reply {
  /** First byte on the wire; `nil` for `$-1`. */
  readonly kind: '+' | '-' | ':' | '$' | 'nil'
  readonly text: string
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const show = (value: unknown): string =>
  value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300)
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  rfc3339: (value) => typeof value === 'string' && TIME.test(value),
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
}

/** What each operator of the format wants; undefined stands for a key that is not there. */
const OPERATORS: Readonly<Record<string, (want: unknown, value: unknown) => boolean>> = {
  $any: (_, value) => value !== undefined,
  $absent: (_, value) => value === undefined,
  $type: (want, value) => list(want).some((type) => TYPES[String(type)]?.(value) === true),
  $match: (want, value) => typeof value === 'string' && new RegExp(String(want), 'su').test(value),
  $between: (want, value) => {
    const [low, high] = list(want).map(Number)
    return typeof value === 'number' && value >= Number(low) && value <= Number(high)
  },
  $time: (want, value) => {
    const [low, high] = list(want).map(Number)
    const inS = (Date.parse(String(value)) - Date.now()) / 1000
    return TYPES['rfc3339']?.(value) === true && inS >= Number(low) && inS <= Number(high)
  },
  $sum: (want, value) => value === list(want).reduce((sum: number, part) => sum + Number(part), 0),
  $length: (want, value) =>
    (typeof value === 'string' || Array.isArray(value)) && value.length === want,
  $keys: (want, value) =>
    show(isObject(value) ? Object.keys(value).sort() : 0) === show([...list(want)].sort()),
  $exact: (want, value) =>
    isObject(want) &&
    OPERATORS['$keys']?.(Object.keys(want), value) === true &&
    !mismatch(want, value, ''),
  $each: (want, value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => !mismatch(want, item, '')),
  $all: (want, value) => list(want).every((each) => !mismatch(each, value, '')),
  $one_of: (want, value) => list(want).some((each) => !mismatch(each, value, '')),
}

/** @returns what is wrong with a JSON value, undefined when it fits */
export function mismatch(want: unknown, value: unknown, at: string): string | undefined {
  const fault = `at ${at || '$'}: wanted ${show(want)}, got ${show(value)}`
  if (Array.isArray(want)) {
    if (!Array.isArray(value) || value.length !== want.length) return fault
    return want.map((item, i) => mismatch(item, value[i], `${at}[${i}]`)).find(Boolean)
  }
  if (!isObject(want)) return Object.is(want, value) ? undefined : fault
  const entries = Object.entries(want)
  if (entries[0]?.[0].startsWith('$') === true) {
    const fits = entries.every(([name, wanted]) => {
      const operator = OPERATORS[name]
      if (operator === undefined) throw new Error(`no operator ${name}`)
      return operator(wanted, value)
    })
    return fits ? undefined : fault
  }
  if (!isObject(value)) return fault
  return entries
    .map(([key, item]) =>
      mismatch(item, Object.hasOwn(value, key) ? value[key] : undefined, `${at}.${key}`),
    )
    .find(Boolean)
}

/** The reply as one line, bulk strings as `$length text`. */
export const lineOf = ({ kind, text }: Reply): string =>
  kind === 'nil' ? '$-1' : kind === '$' ? `$${Buffer.byteLength(text)} ${text}` : kind + text

/** @returns what is wrong with a reply, undefined when it fits */
export function replyMismatch(want: unknown, reply: Reply): string | undefined {
  const line = lineOf(reply)
  const fault = `wanted ${show(want)}, got ${JSON.stringify(line.slice(0, 800))}`
  if (typeof want === 'string') return line === want ? undefined : fault
  if (!isObject(want)) throw new Error(`no matcher ${show(want)}`)
  const pattern = (name: string): RegExp => new RegExp(String(want[name]), 'su')
  if ('$line' in want) return pattern('$line').test(line) ? undefined : fault
  if ('$text' in want)
    return reply.kind === '$' && pattern('$text').test(reply.text) ? undefined : fault
  if ('$error' in want) {
    const [, code, text = ''] = /^([A-Z]+) ?(.*)$/su.exec(reply.text) ?? []
    const fits =
      reply.kind === '-' && code === (want['code'] ?? 'ERR') && pattern('$error').test(text)
    return fits ? undefined : fault
  }
  if ('$reply_one_of' in want) {
    return list(want['$reply_one_of']).some((each) => !replyMismatch(each, reply))
      ? undefined
      : fault
  }
  if (reply.kind !== '$') return fault
  return mismatch(want['$json'], JSON.parse(reply.text), '')
}
