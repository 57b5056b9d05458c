import type { Job } from '@jobmill/core'
import type { JobFilter, Part } from '../../filter/filter.ts'
import { parseFilter } from '../../filter/parse.ts'
import { positionOf, type Listing, type Place } from '../../store/store.ts'
import type { Web } from '../context.ts'
import { readCursor, sizeOf, writeCursor } from './places.ts'

/** How long one page may search, ms. */
export const SEARCH_MS = 300
const PAGE_SIZE = 50

export interface ListRequest {
  readonly place: Place
  /** Filter text, '' for all. */
  readonly q: string
  /** What has to hold besides. */
  readonly also?: readonly Part[]
  /** Cursors, '' for none. */
  readonly after: string
  readonly before: string
  readonly limit: number
  /** Against the order of the place. */
  readonly reversed: boolean
}

/** One page of a list, for people and programs alike. */
export interface ListPage {
  readonly jobs: readonly Job[]
  readonly filter: JobFilter
  /** Cursors; undefined where nothing more comes. */
  readonly next: string | undefined
  readonly previous: string | undefined
  /** Jobs of the place, whatever the filter says. */
  readonly total: number
  /** Jobs that were looked at for this page. */
  readonly searched: number
}

/** A page's size as a query says it. */
export function limitOf(text: string): number {
  const limit = Number(text)
  return Number.isInteger(limit) && limit >= 1 && limit <= 100 ? limit : PAGE_SIZE
}

/** Throws FilterError for a filter that cannot be read, StoreError while the store is away. */
export async function loadList(web: Web, request: ListRequest): Promise<ListPage> {
  const { place, limit } = request
  const asked = parseFilter(request.q, web.settings().hide)
  const filter = { ...asked, parts: [...asked.parts, ...(request.also ?? [])] }
  const after = request.after === '' ? undefined : readCursor(request.after)
  const before = request.before === '' ? undefined : readCursor(request.before)
  const back = before !== undefined
  const from = before ?? after
  const [stats, listing] = await Promise.all([
    web.store.stats(),
    web.store.list({
      place,
      reversed: request.reversed !== back,
      ...(from === undefined ? {} : { after: from }),
      limit,
      ...(filter.parts.length === 0 ? {} : { filter }),
      budgetMs: SEARCH_MS,
    }),
  ])
  const jobs = back ? listing.jobs.toReversed() : listing.jobs
  const ends = cursors(listing, jobs, back, from !== undefined)
  return { jobs, filter, ...ends, total: sizeOf(place, stats), searched: listing.searched }
}

function cursors(
  { next }: Listing,
  jobs: readonly Job[],
  back: boolean,
  moved: boolean,
): Pick<ListPage, 'next' | 'previous'> {
  const [first, last] = [jobs[0], jobs.at(-1)]
  const further = next === undefined ? undefined : writeCursor(next)
  if (back) {
    return {
      next: last === undefined ? undefined : writeCursor(positionOf(last)),
      previous: further,
    }
  }
  return {
    next: further,
    previous: moved && first !== undefined ? writeCursor(positionOf(first)) : undefined,
  }
}
