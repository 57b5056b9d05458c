// What a scenario hands back, as Markdown.
import { show } from './numbers.mjs'

/** @param rows objects of one shape: the texts of a row, by their column's head */
export function table(rows) {
  const heads = Object.keys(rows[0])
  const cells = [heads, heads.map(() => '---'), ...rows.map((row) => heads.map((h) => row[h]))]
  return `${cells.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
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
  return {
    goal: text,
    wanted: `${bound}${unit}`,
    measured: `${show(value)}${unit}`,
    '': met ? 'met' : '**missed**',
  }
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
  return table(goals.map(goalRow))
}
