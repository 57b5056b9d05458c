import { State, type Job } from '@jobmill/core'
import { parseFilter } from '../../filter/parse.ts'
import type { Place } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { SEARCH_MS } from './list.ts'

const SHOWN = 10
/** Queues of one search, the fullest first. */
const QUEUES_MAX = 20

export interface SearchGroup {
  readonly place: Place
  readonly jobs: readonly Job[]
  readonly more: boolean
  readonly searched: number
}

/** What a search finds in every place, a few of each. Throws FilterError. */
export async function search(web: Web, q: string): Promise<readonly SearchGroup[]> {
  const filter = parseFilter(q, web.settings().hide)
  const states = filter.parts.find((part) => part.field === 'state' && !part.negated)
  const wanted = states?.field === 'state' ? states.states : undefined
  const groups: SearchGroup[] = []
  for (const place of await placesOf(web)) {
    if (wanted !== undefined && !wanted.includes(place.state)) continue
    const { jobs, next, searched } = await web.store.list({
      place,
      reversed: false,
      limit: SHOWN,
      filter,
      budgetMs: SEARCH_MS / 3,
    })
    if (jobs.length > 0 || next !== undefined) {
      groups.push({ place, jobs, more: next !== undefined, searched })
    }
  }
  return groups
}

async function placesOf({ store }: Web): Promise<Place[]> {
  const { queues } = await store.stats()
  const waiting = [...queues]
    .filter(([, size]) => size > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, QUEUES_MAX)
    .map(([queue]): Place => ({ state: State.Queued, queue }))
  return [
    { state: State.Reserved },
    { state: State.Scheduled },
    { state: State.Retry },
    { state: State.Dead },
    ...waiting,
  ]
}
