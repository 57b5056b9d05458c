const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/

/**
 * A time as clients write it: RFC 3339 with a capital T and Z, any fraction, any offset.
 * @returns epoch ms with a fraction, undefined when it is none (docs/protocol.md T31)
 */
export function parseRfc3339(text: string): number | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match
  const [y, mo, d] = [Number(year), Number(month), Number(day)]
  const [h, mi, s] = [Number(hour), Number(minute), Number(second)]
  if (mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || h > 23 || mi > 59 || s > 59)
    return undefined
  const offset = sign === undefined ? 0 : offsetMs(sign, Number(offsetHour), Number(offsetMinute))
  if (offset === undefined) return undefined
  // Date.UTC takes years below 100 as 19xx; a Date set by parts does not.
  const date = new Date(0)
  date.setUTCFullYear(y, mo - 1, d)
  date.setUTCHours(h, mi, s)
  const fractionMs = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000
  return date.getTime() + fractionMs - offset
}

function offsetMs(sign: string, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** @param ms epoch ms @returns RFC 3339, UTC, the fraction without trailing zeros */
export function formatTime(ms: number): string {
  const text = new Date(ms).toISOString()
  if (!text.endsWith('0Z')) return text
  return text.replace(/\.?0+Z$/, 'Z')
}
