import { DEFAULT_QUEUE, parseRfc3339, type WireJob } from '@jobmill/protocol'
import type { Clock } from '../clock.ts'
import type { Activity } from './activity.ts'

/** Tells of a push that was taken. */
export function tellPushed(
  activity: Activity,
  { queue, jobtype, at }: WireJob,
  clock: Clock,
): void {
  const entered = at === '' || (parseRfc3339(at) ?? 0) <= clock.now()
  activity.pushed(queue || DEFAULT_QUEUE, jobtype, entered)
}
