import { State } from '@jobmill/core'
import { HOUR_MS, idOfError, MINUTE_MS, type ErrorGroup } from '../../activity/errors.ts'
import { commonText } from '../../activity/fingerprint.ts'
import { jobtypeOf } from '../../activity/jobtype.ts'
import { asPattern } from '../../filter/filter.ts'
import type { Web } from '../context.ts'
import { spanOf, type Range } from './ranges.ts'

/** An error group, and how often it came within a range. */
export interface GroupFacts {
  readonly group: ErrorGroup
  readonly count: number
  /** Failures in each step of the range. */
  readonly steps: readonly number[]
  /** Its jobs that wait for a retry, and that are dead. */
  readonly retries: number
  readonly dead: number
}

export interface ErrorsFacts {
  readonly range: Range
  /** The most failures first. */
  readonly groups: readonly GroupFacts[]
  readonly failures: number
  /** All jobs were looked at for `retries` and `dead`; else they are at least so many. */
  readonly isCounted: boolean
}

/** Jobs that are looked at to count those of each group. */
const LOOKED_AT = 1_000
const LOOK_MS = 100

/** Groups that failed within a range. */
export async function loadErrors(web: Web, range: Range): Promise<ErrorsFacts> {
  const [retries, dead] = await Promise.all([
    countJobs(web, State.Retry),
    countJobs(web, State.Dead),
  ])
  const groups = web.activity.errors
    .list()
    .map((group) => ({
      ...countsOf(web, group, range),
      retries: retries.byGroup.get(group.id) ?? 0,
      dead: dead.byGroup.get(group.id) ?? 0,
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
  const failures = groups.reduce((sum, { count }) => sum + count, 0)
  return { range, groups, failures, isCounted: retries.complete && dead.complete }
}

/** The groups with the most failures, without a look at the jobs. */
export function topErrors(web: Web, range: Range, limit: number): GroupFacts[] {
  return web.activity.errors
    .list()
    .map((group) => ({ ...countsOf(web, group, range), retries: 0, dead: 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, limit)
}

export function countsOf(
  { clock }: Web,
  group: ErrorGroup,
  range: Range,
): Pick<GroupFacts, 'group' | 'count' | 'steps'> {
  const { fromMs, stepMs, steps } = spanOf(range, clock.now())
  const [ring, unitMs] =
    stepMs % HOUR_MS === 0 ? [group.hours, HOUR_MS] : [group.minutes, MINUTE_MS]
  const each = stepMs / unitMs
  const first = Math.floor(fromMs / unitMs)
  const counts = Array.from({ length: steps }, (_, i) =>
    ring.sum(first + i * each, first + (i + 1) * each - 1),
  )
  return { group, count: counts.reduce((sum, n) => sum + n, 0), steps: counts }
}

async function countJobs(
  { store }: Web,
  state: typeof State.Retry | typeof State.Dead,
): Promise<{ byGroup: ReadonlyMap<string, number>; complete: boolean }> {
  const listing = await store.list({
    place: { state },
    reversed: true,
    limit: LOOKED_AT,
    budgetMs: LOOK_MS,
  })
  const byGroup = new Map<string, number>()
  for (const { payload, extra } of listing.jobs) {
    if (extra?.failure === undefined) continue
    const { errtype = '', message = '' } = extra.failure
    const id = idOfError(jobtypeOf(payload), errtype, message)
    byGroup.set(id, (byGroup.get(id) ?? 0) + 1)
  }
  return { byGroup, complete: listing.next === undefined }
}

/** Longer texts are cut: a filter has at most a thousand characters. */
const TEXT_MAX = 150

/** The filter text that means a group's jobs, in whatever place they are. */
export function filterOfGroup({ jobtype, errtype, print }: ErrorGroup): string {
  const parts = [`jobtype:${quoted(patternOf(jobtype))}`]
  if (errtype !== '') parts.push(`error:${quoted(patternOf(errtype))}`)
  const common = commonText(print).slice(0, TEXT_MAX)
  if (common !== '') parts.push(`message:${quoted(common)}`)
  return parts.join(' ')
}

/** A pattern for one text. A comma would mean "or". */
function patternOf(text: string): string {
  const cut = text.length > TEXT_MAX
  const pattern = asPattern(text.slice(0, TEXT_MAX)).replaceAll(',', '*')
  return cut ? `${pattern}*` : pattern
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
