import type { Mark } from '../../activity/marks.ts'
import type { Span } from '../../activity/reading.ts'
import { clockTime } from '../text/format.ts'
import type { View } from '../view.ts'

export type Tone = 'ok' | 'warn' | 'bad' | 'busy' | 'plan' | ''
type Value = number | undefined

export interface ChartLine {
  readonly name: string
  readonly tone: Tone
  readonly values: readonly Value[]
  /** Filled down to the axis. */
  readonly area?: boolean
}

interface ChartProps {
  readonly view: View
  readonly title: string
  readonly span: Span
  readonly lines: readonly ChartLine[]
  readonly marks: readonly Mark[]
  /** A value as people read it, with its unit. */
  readonly format: (value: number) => string
}

/** A panel with a chart, its legend, and its numbers as a table. */
export function ChartPanel(props: ChartProps) {
  const { view, title, lines, marks } = props
  return (
    <section class="panel">
      <header>
        <h2>{title}</h2>
        <div class="end">
          <p class="legend">
            {lines.map(({ name, tone }) => (
              <span>
                <i class={tone}></i>
                {name}
              </span>
            ))}
            {marks.length === 0 ? null : (
              <span>
                <i class="mark"></i>
                {view.t.deploys}
              </span>
            )}
          </p>
        </div>
      </header>
      <div class="body">
        <Chart {...props} />
        <Numbers {...props} />
      </div>
    </section>
  )
}

function Chart({ view, title, span, lines, marks, format }: ChartProps) {
  const largest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const top = niceAbove(largest)
  const times = timesOf(view, span)
  const shown = [
    ['', '', times],
    ...lines.map(({ name, values }) => [
      name,
      '',
      values.map((value) => (value === undefined ? null : format(value))),
    ]),
  ]
  return (
    <figure>
      <div
        class="chart"
        tabindex={0}
        role="group"
        aria-label={view.t.chartLabel(title)}
        data-series={JSON.stringify(shown)}
      >
        <div class="y" aria-hidden="true">
          {[top, top / 2, 0].map((value) => (
            <span>{format(value)}</span>
          ))}
        </div>
        <svg class="plot" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          {[0, 50, 100].map((y) => (
            <line class="grid" x1="0" x2="100" y1={y} y2={y} />
          ))}
          {marks.map(({ atMs }) => {
            const x = markX(span, atMs)
            return <line class="cross dash" x1={x} x2={x} y1="0" y2="100" />
          })}
          {lines.map((line) => (
            <g class={line.tone}>
              <Strokes values={line.values} top={top} area={line.area === true} />
            </g>
          ))}
        </svg>
        <div class="x" aria-hidden="true">
          {ticks(span.steps).map((step) => (
            <span>{times[step]}</span>
          ))}
          <span>{view.t.now}</span>
        </div>
      </div>
    </figure>
  )
}

/** The same for who cannot see it. */
function Numbers({ view, title, span, lines, marks, format }: ChartProps) {
  const { t } = view
  const times = timesOf(view, span)
  const rows = times
    .map((time, step) => ({ time, values: lines.map(({ values }) => values[step]) }))
    .filter(({ values }) => values.some((value) => value !== undefined))
    .reverse()
  return (
    <details class="numbers">
      <summary>{t.numbers}</summary>
      {marks.length === 0 ? null : (
        <ul>
          {marks.toReversed().map(({ label, atMs }) => (
            <li>{`${timeText(view, atMs, span.stepMs)} ${label}`}</li>
          ))}
        </ul>
      )}
      <div class="tablebox" tabindex={0} role="group" aria-label={t.nameOf(t.numbers, title)}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.time}</th>
              {lines.map(({ name }) => (
                <th scope="col" class="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ time, values }) => (
              <tr>
                <th scope="row">{time}</th>
                {values.map((value) => (
                  <td class="num">{value === undefined ? '' : format(value)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

/** A small line without axes, beside a number that says what it is. */
export function Spark({
  values,
  tone = '',
  inline = false,
}: {
  values: readonly Value[]
  tone?: Tone
  inline?: boolean
}) {
  const top = Math.max(...values.map((value) => value ?? 0)) || 1
  return (
    <svg
      class={`spark ${inline ? 'in' : ''} ${tone}`.replace(/ +/g, ' ').trim()}
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <Strokes values={values} top={top} area />
    </svg>
  )
}

/** Lines through what is known; where nothing is known is a gap. */
function Strokes({ values, top, area }: { values: readonly Value[]; top: number; area: boolean }) {
  const stretches = stretchesOf(values, top)
  return (
    <>
      {area
        ? stretches.map((points) => (
            <polygon
              class="a"
              points={`${points[0]?.[0]},100 ${written(points)} ${points.at(-1)?.[0]},100`}
            />
          ))
        : null}
      {stretches.map((points) => (
        <polyline class="l" points={written(points)} />
      ))}
    </>
  )
}

type Point = readonly [x: string, y: string]

const written = (points: readonly Point[]): string => points.map((one) => one.join()).join(' ')

function stretchesOf(values: readonly Value[], top: number): Point[][] {
  const stretches: Point[][] = []
  let open: Point[] | undefined
  for (const [i, value] of values.entries()) {
    if (value === undefined) {
      open = undefined
      continue
    }
    if (open === undefined) stretches.push((open = []))
    const x = values.length === 1 ? 100 : (i / (values.length - 1)) * 100
    const y = 100 - (Math.min(value, top) / top) * 100
    // A step that stands alone is a short stroke, not nothing.
    if (open.length === 0) open.push([Math.max(0, x - 0.4).toFixed(2), y.toFixed(1)])
    open.push([x.toFixed(2), y.toFixed(1)])
  }
  return stretches
}

/** A round number that is not below; never 0. */
export function niceAbove(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10
  return step * power
}

function markX({ fromMs, stepMs, steps }: Span, atMs: number): string {
  const share = (atMs - fromMs) / stepMs / Math.max(1, steps - 1)
  return (Math.min(1, Math.max(0, share)) * 100).toFixed(2)
}

/** Six steps that are named under the chart; the seventh name is "now". */
const ticks = (steps: number): number[] =>
  Array.from({ length: 6 }, (_, i) => Math.floor((i * steps) / 6))

const timesOf = (view: View, { fromMs, stepMs, steps }: Span): string[] =>
  Array.from({ length: steps }, (_, i) => timeText(view, fromMs + i * stepMs, stepMs))

const HOUR_MS = 3_600_000

/** 05:10, or 25 Nov 05:10 where a chart is longer than a day. */
function timeText(view: View, ms: number, stepMs: number): string {
  const { times, timeZone } = view.preferences
  const text = clockTime(ms, times === 'local' ? timeZone : 'UTC')
  return stepMs < HOUR_MS ? text.slice(11, 16) : text.slice(5, 16)
}
