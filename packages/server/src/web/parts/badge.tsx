import { State } from '@jobmill/core'
import type { View } from '../view.ts'

export type Tone = 'ok' | 'warn' | 'bad' | 'busy' | 'plan' | ''

/** A state: always a colour and a word. */
export function Badge({ tone, text }: { tone: Tone; text: string }) {
  return <span class={`badge ${tone}`.trim()}>{text}</span>
}

export function StateBadge({ view, state }: { view: View; state: State }) {
  const { t } = view
  switch (state) {
    case State.Queued:
      return <Badge tone="plan" text={t.placeWaiting} />
    case State.Reserved:
      return <Badge tone="busy" text={t.placeRunning} />
    case State.Scheduled:
      return <Badge tone="plan" text={t.placeScheduled} />
    case State.Retry:
      return <Badge tone="warn" text={t.placeRetries} />
    case State.Dead:
      return <Badge tone="bad" text={t.placeDead} />
  }
}
