import type { History, Metric } from '../facts/series.ts'
import { linesOf } from '../facts/series.ts'
import type { View } from '../view.ts'
import { ChartPanel, type Tone } from './chart.tsx'

const TONES: Readonly<Record<string, Tone>> = {
  done: 'busy',
  failed: 'bad',
  p50: 'ok',
  p95: 'plan',
  p99: 'warn',
}

/** Jobs a second, or how long they waited or ran. */
export function HistoryChart({
  view,
  history,
  metric,
}: {
  view: View
  history: History
  metric: Metric
}) {
  const { t, f } = view
  const titles = { throughput: t.throughput, wait: t.timeWaiting, run: t.runTime }
  const names = {
    pushed: t.rateIn,
    done: t.done,
    failed: t.failed,
    p50: t.p50,
    p95: t.p95,
    p99: t.p99,
  }
  return (
    <ChartPanel
      view={view}
      title={titles[metric]}
      span={history.span}
      marks={history.marks}
      lines={linesOf(history, metric).map(({ name, values }) => ({
        name: names[name],
        tone: TONES[name] ?? '',
        values,
        area: name === 'done' || name === 'p50',
      }))}
      format={metric === 'throughput' ? (value) => t.rateOf(f.rate(value)) : (ms) => f.duration(ms)}
    />
  )
}
