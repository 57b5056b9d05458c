import type { QueueFacts } from '../../store/store.ts'
import type { QueueActivity } from '../facts/queue-activity.ts'
import type { View } from '../view.ts'
import { Spark } from './chart.tsx'
import { Icon } from './icon.tsx'
import { distance } from './time.tsx'

/** Below this difference, jobs a second, in and out are alike. */
const ALIKE = 0.01
/** Estimates past this say nothing. */
const FAR_MS = 30 * 86_400_000

/** Will it clear? One sentence, where there is something to say. */
export function Pace({
  view,
  queue,
  activity,
}: {
  view: View
  queue: QueueFacts
  activity: QueueActivity
}) {
  const { t, f } = view
  const { inPerS, outPerS, isForsaken } = activity
  if (queue.size === 0 || queue.paused) return null
  if (isForsaken) return <Callout view={view} tone="warn" text={t.paceNobody} />
  const gain = outPerS - inPerS
  if (gain < -ALIKE) {
    return <Callout view={view} tone="warn" text={t.paceBehind(f.rate(inPerS), f.rate(outPerS))} />
  }
  const leftMs = (queue.size / gain) * 1000
  if (gain < ALIKE || leftMs > FAR_MS) return null
  return <p class="muted">{t.paceClears(f.duration(leftMs))}</p>
}

function Callout({ view, tone, text }: { view: View; tone: 'warn'; text: string }) {
  return (
    <section class={`call ${tone}`}>
      <Icon view={view} name="worker" />
      <p>{text}</p>
    </section>
  )
}

export function QueueFigures({
  view,
  facts: { queue, activity, usualMs, spark },
}: {
  view: View
  facts: {
    readonly queue: QueueFacts
    readonly activity: QueueActivity
    readonly usualMs: number | undefined
    readonly spark: readonly (number | undefined)[]
  }
}) {
  const { t, f } = view
  const { lastFetchMs } = activity
  const figures: readonly (readonly [name: string, value: string, unit: string, more: string])[] = [
    [
      t.oldest,
      queue.oldestAtMs === undefined ? '—' : f.duration(view.nowMs - queue.oldestAtMs),
      '',
      usualMs === undefined ? '' : t.usualWait(f.duration(usualMs)),
    ],
    [t.rateIn, f.rate(activity.inPerS), t.perSecond, ''],
    [t.rateOut, f.rate(activity.outPerS), t.perSecond, ''],
    [
      t.workers,
      f.number(activity.workers),
      '',
      lastFetchMs === undefined ? '' : t.lastFetch(distance(view, lastFetchMs)),
    ],
  ]
  return (
    <dl class="kpis five">
      <div class="kpi">
        <dt>{t.waiting}</dt>
        <dd class="v">{f.number(queue.size)}</dd>
        <dd>
          <Spark values={spark} />
        </dd>
      </div>
      {figures.map(([name, value, unit, more]) => (
        <div class="kpi">
          <dt>{name}</dt>
          <dd class="v">
            {value}
            {unit === '' ? null : <small>{unit}</small>}
          </dd>
          <dd class="d">{more}</dd>
        </div>
      ))}
    </dl>
  )
}
