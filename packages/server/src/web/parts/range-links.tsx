import { RANGES, type Range } from '../facts/ranges.ts'
import type { View } from '../view.ts'

/** How far back to look. */
export function RangeLinks({ view, range }: { view: View; range: Range }) {
  return (
    <nav class="seg" aria-label={view.t.timeRange}>
      {RANGES.map(({ key }) => (
        <a
          href={view.here({ range: key, days: undefined })}
          aria-current={key === range.key ? 'true' : undefined}
        >
          {key.replace(/(\d+)/, '$1 ')}
        </a>
      ))}
    </nav>
  )
}
