import { clockTime } from '../text/format.ts'
import type { View } from '../view.ts'

/** A moment as the person wants it, the other form in its title. */
export function When({ view, ms }: { view: View; ms: number }) {
  const { times } = view.preferences
  const absolute = moment(view, ms)
  const relative = distance(view, ms)
  const [shown, other] = times === 'relative' ? [relative, absolute] : [absolute, relative]
  return (
    <time datetime={new Date(ms).toISOString()} title={other}>
      {shown}
    </time>
  )
}

/** How long from a moment to now, or from now to it; the moment in the title. */
export function Span({ view, ms }: { view: View; ms: number }) {
  return (
    <time datetime={new Date(ms).toISOString()} title={moment(view, ms)}>
      {view.f.duration(ms - view.nowMs)}
    </time>
  )
}

/** in 3 min 12 s · 14 min ago */
export function distance(view: View, ms: number): string {
  const away = ms - view.nowMs
  const duration = view.f.duration(away)
  if (Math.abs(away) < 1000) return view.t.now
  return away > 0 ? view.t.inTime(duration) : view.t.ago(duration)
}

/** 2026-11-25 05:33:01 UTC */
export function moment(view: View, ms: number, withMs = false): string {
  const { times, timeZone } = view.preferences
  const zone = times === 'local' ? timeZone : 'UTC'
  return `${clockTime(ms, zone, withMs)} ${zone}`
}
