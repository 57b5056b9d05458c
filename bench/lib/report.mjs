// What a scenario hands back, as Markdown.
import { show } from './numbers.mjs'

/** @param heads texts   @param rows arrays of texts, as long as heads */
export function table(heads, rows) {
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/**
 * A goal and what came of it.
 * @param value what was measured   @param bound { least } or { most }   @param unit after the figures
 */
export function goal(text, value, bound, unit = '') {
  const met =
    value !== undefined &&
    (bound.least === undefined || value >= bound.least) &&
    (bound.most === undefined || value <= bound.most)
  return { text, value, ...bound, unit, met }
}

function goalRow({ text, value, least, most, unit, met }) {
  const bound = least === undefined ? `at most ${limit(most)}` : `at least ${limit(least)}`
  return [text, `${bound}${unit}`, `${show(value)}${unit}`, met ? 'met' : '**missed**']
}

const limit = (n) => n.toLocaleString('en-US')

/** @param result { title, tables, notes, goals } of a scenario */
export function markdown({ title, tables, notes = [], goals = [] }) {
  const parts = [`### ${title}\n`, ...tables]
  if (goals.length > 0) parts.push(goalTable(goals))
  if (notes.length > 0) parts.push(`${notes.join('\n')}\n`)
  return parts.join('\n')
}

export function goalTable(goals) {
  return table(['goal', 'wanted', 'measured', ''], goals.map(goalRow))
}
