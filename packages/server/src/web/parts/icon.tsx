import { assetPath } from '../assets.ts'
import type { View } from '../view.ts'

export type IconName =
  | 'overview'
  | 'queues'
  | 'busy'
  | 'clock'
  | 'retry'
  | 'dead'
  | 'error'
  | 'chart'
  | 'search'
  | 'health'
  | 'pause'
  | 'play'
  | 'trash'
  | 'copy'
  | 'theme'
  | 'help'
  | 'check'
  | 'worker'
  | 'kill'
  | 'left'
  | 'right'
  | 'filter'
  | 'mark'

/** A picture beside a word, never instead of one. */
export function Icon({ view, name, kind = 'icon' }: { view: View; name: IconName; kind?: string }) {
  return (
    <svg class={kind} aria-hidden="true">
      <use href={`${view.href(assetPath('icons.svg'))}#${name}`} />
    </svg>
  )
}
