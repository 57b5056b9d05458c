import { spans } from '@jobmill/protocol'

const MEMBER = '"jobtype"'

/**
 * The jobtype of a payload, most often without reading it as JSON: where the first `"jobtype"` comes
 * before anything nested, it is the job's own.
 * @returns '' when it cannot be read
 */
export function jobtypeOf(payload: string): string {
  const at = payload.indexOf(MEMBER)
  if (at < 0 || isNested(payload, at)) return slowly(payload)
  let from = at + MEMBER.length
  while (isBlank(payload.charCodeAt(from))) from += 1
  if (payload.charCodeAt(from) !== COLON) return slowly(payload)
  from += 1
  while (isBlank(payload.charCodeAt(from))) from += 1
  if (payload.charCodeAt(from) !== QUOTE) return slowly(payload)
  const to = payload.indexOf('"', from + 1)
  const text = payload.slice(from + 1, to)
  return text.includes('\\') ? slowly(payload) : text
}

const QUOTE = 34
const COLON = 58
const BRACE = 123
const BRACKET = 91

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

function isNested(payload: string, to: number): boolean {
  for (let i = 1; i < to; i += 1) {
    const code = payload.charCodeAt(i)
    if (code === BRACE || code === BRACKET) return true
  }
  return false
}

function slowly(payload: string): string {
  try {
    const member = spans(payload).findLast(({ name }) => name === 'jobtype')
    if (member === undefined) return ''
    const value: unknown = JSON.parse(payload.slice(member.from, member.to))
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}
