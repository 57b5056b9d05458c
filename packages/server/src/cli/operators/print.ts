import { Format } from '../../web/text/format.ts'

/** Numbers and durations as the pages write them. */
export const FORMAT = new Format('en')

/** A cell wider than this is cut: a table is for looking, `--json` has the whole. */
const CELL_MAX = 60

/**
 * A text from a job or a worker, fit for a terminal: nothing in it moves the cursor or turns the
 * direction of writing, which whoever pushed it might want.
 */
export function shown(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export interface Column<T> {
  readonly name: string
  readonly of: (row: T) => string | number
}

/** Numbers stand at the right, and have separators. Two blanks between columns. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map(({ of }) => cell(of(row))))
  const lines = [columns.map(({ name }) => name.toUpperCase()), ...cells]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  const isNumber = columns.map(({ of }) => rows.some((row) => typeof of(row) === 'number'))
  const padded = lines.map((line) =>
    line
      .map((text, i) =>
        isNumber[i] === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${padded.join('\n')}\n`
}

function cell(value: string | number): string {
  if (typeof value === 'number') return FORMAT.number(value)
  const text = shown(value)
  return text.length > CELL_MAX ? `${text.slice(0, CELL_MAX - 1)}…` : text
}

/** Names and values of one thing, a line each; undefined ones are left out. */
export function facts(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const said = rows.filter(([, value]) => value !== undefined)
  const width = Math.max(...said.map(([name]) => name.length))
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

/** `in 4 min 12 s`, `3 h ago`. @param time RFC 3339; undefined gives '' */
export function relative(time: string | undefined): string {
  if (time === undefined) return ''
  const ms = Date.parse(time) - Date.now()
  return ms > 0 ? `in ${FORMAT.duration(ms)}` : `${FORMAT.duration(ms)} ago`
}

/** A time, and how far away it is. */
export const timed = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : `${time} (${relative(time)})`

export const counted = (count: number, what: string): string =>
  `${FORMAT.number(count)} ${what}${count === 1 ? '' : 's'}`
