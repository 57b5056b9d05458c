import { State } from '@jobmill/core'
import type { Place } from '../../store/store.ts'
import type { Text } from '../text/en.ts'

/** What people call a place: a queue by its name, a state as in the menu. */
export function placeName(t: Text, place: Place): string {
  switch (place.state) {
    case State.Queued:
      return place.queue
    case State.Reserved:
      return t.running
    case State.Scheduled:
      return t.scheduled
    case State.Retry:
      return t.retries
    case State.Dead:
      return t.dead
  }
}
