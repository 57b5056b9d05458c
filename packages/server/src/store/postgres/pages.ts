import { performance } from 'node:perf_hooks'
import { State, type Job, type Position } from '@jobmill/core'
import { jidsOf, type JobFilter } from '../../filter/filter.ts'
import { filterTest } from '../../filter/fits.ts'
import {
  positionOf,
  type Found,
  type Listing,
  type ListQuery,
  type Place,
  type Selection,
} from '../store.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { quoted } from './migrations.ts'
import { jobOf, type JobRow } from './rows.ts'

/** Jobs looked at between two turns of the event loop. */
const STEP = 200
/** Rows that the database looks through by itself, for one jid. */
const FIND_STEP = 20_000

interface Keyed {
  readonly seq: number
  readonly key: number
}

/** Lists and searches of jobs: pages by stable keys, and never more than that at a time. */
export class Pages {
  readonly #s: string

  constructor(schema: string) {
    this.#s = quoted(schema)
  }

  async list(connection: Connection, query: ListQuery, nowMs: number): Promise<Listing> {
    const { place, reversed, limit, budgetMs, filter } = query
    const endMs = performance.now() + budgetMs
    const fits = filter === undefined ? () => true : filterTest(filter, nowMs)
    const jobs: Job[] = []
    let searched = 0
    let after = query.after
    for (;;) {
      // One more than the page, to know whether there is a next.
      const step = filter === undefined ? limit + 1 : STEP
      const page = await this.#page(connection, place, reversed, after, step)
      for (const [i, job] of page.entries()) {
        searched += 1
        after = positionOf(job)
        if (fits(asFiltered(job))) jobs.push(job)
        const more = i + 1 < page.length || page.length === step
        if (jobs.length === limit) return { jobs, next: more ? after : undefined, searched }
      }
      if (page.length < step) return { jobs, next: undefined, searched }
      if (performance.now() > endMs) return { jobs, next: after, searched }
    }
  }

  /** How many jobs of a queue are fetched before this place in it. */
  async ahead(connection: Connection, queue: string, place: Position): Promise<number> {
    const [row] = await connection.query<{ count: number }>(
      {
        name: 'ahead',
        text: `select count(*) as count from ${this.#s}.job where state = 0 and queue = $1
          and (priority > $2 or priority = $2 and seq < $3) and seq > ${this.#removedTo('$1')}`,
      },
      [queue, place.key, Math.ceil(place.seq)],
    )
    return row?.count ?? 0
  }

  async find(connection: Connection, jid: string, budgetMs: number): Promise<Found> {
    const endMs = performance.now() + budgetMs
    const named = await connection.query<JobRow>(this.#named, [jid])
    const jobs = named.map(jobOf)
    // A waiting job has no index by jid: that would cost every push.
    for (let from = 0; ;) {
      const [row] = await connection.query<{ seq: number | null }>(this.#lastOf, [from, FIND_STEP])
      const to = row?.seq ?? 0
      if (to === 0) return { jobs, complete: true }
      const rows = await connection.query<JobRow>(this.#waitingOf, [jid, from, to])
      jobs.push(...rows.map(jobOf))
      from = to
      if (performance.now() > endMs) return { jobs, complete: false }
    }
  }

  /** All jobs of a place that fit, in order of seq. */
  async select(
    connection: Connection,
    place: Place,
    filter: JobFilter,
    nowMs: number,
  ): Promise<Selection> {
    const found =
      filter.parts.length === 0
        ? await this.#keys(connection, place)
        : await this.#matching(connection, place, filter, nowMs)
    return {
      seq: Float64Array.from(found, ({ seq }) => seq),
      key: Float64Array.from(found, ({ key }) => key),
    }
  }

  #keys(connection: Connection, place: Place): Promise<Keyed[]> {
    const { state } = place
    if (state !== State.Queued) {
      const text = `select seq, at as key from ${this.#s}.job where state = ${state} order by seq`
      return connection.query<Keyed>({ name: `keys_${state}`, text })
    }
    const text = `select seq, priority as key from ${this.#s}.job
      where state = 0 and queue = $1 and seq > ${this.#removedTo('$1')} order by seq`
    return connection.query<Keyed>({ name: 'keys_queue', text }, [place.queue])
  }

  async #matching(
    connection: Connection,
    place: Place,
    filter: JobFilter,
    nowMs: number,
  ): Promise<Keyed[]> {
    const jids = filter.parts.length === 1 ? jidsOf(filter) : undefined
    const found: Keyed[] = []
    if (jids !== undefined && place.state !== State.Queued) {
      const { state } = place
      const text = `select j.seq, j.at as key from unnest($1::text[]) k(jid)
        join ${this.#s}.job j on j.jid = k.jid and j.state = ${state} order by j.seq`
      return connection.query<Keyed>({ name: `jids_${state}`, text }, [[...new Set(jids)]])
    }
    const fits = filterTest(filter, nowMs)
    let after: Position | undefined
    for (;;) {
      const page = await this.#page(connection, place, false, after, STEP)
      for (const job of page) {
        after = positionOf(job)
        if (fits(asFiltered(job))) found.push(after)
      }
      if (page.length < STEP) return found.sort((a, b) => a.seq - b.seq)
    }
  }

  /** The next jobs of a place in its order, or against it. */
  async #page(
    connection: Connection,
    place: Place,
    reversed: boolean,
    after: Position | undefined,
    limit: number,
  ): Promise<Job[]> {
    const statement =
      place.state === State.Queued
        ? this.#queuePage(reversed)
        : this.#timePage(place.state, reversed)
    const end = reversed ? Infinity : -Infinity
    const values: Value[] =
      place.state === State.Queued
        ? [place.queue, after?.key ?? (reversed ? 0 : 9), edge(after, reversed), limit]
        : [after?.key ?? end, edge(after, reversed), limit]
    return (await connection.query<JobRow>(statement, values)).map(jobOf)
  }

  #timePage(state: State, reversed: boolean): Statement {
    const [is, order] = reversed ? ['<', 'desc'] : ['>', 'asc']
    return {
      name: `page_${state}_${order}`,
      text: `select * from ${this.#s}.job where state = ${state} and (at, seq) ${is} ($1, $2)
        order by at ${order}, seq ${order} limit $3`,
    }
  }

  #queuePage(reversed: boolean): Statement {
    const [is, order, from, to, step] = reversed ? ['<', 'desc', 1, 9, 1] : ['>', 'asc', 9, 1, -1]
    const passed = reversed ? 'p.priority >= $2' : 'p.priority <= $2'
    const open = reversed ? '9223372036854775807' : '0'
    return {
      name: `page_queue_${order}`,
      text: `select j.* from generate_series(${from}, ${to}, ${step}) p(priority), lateral (
          select * from ${this.#s}.job where state = 0 and queue = $1 and priority = p.priority
          and seq ${is} case when p.priority = $2 then $3::bigint else ${open} end
          and seq > ${this.#removedTo('$1')}
          order by seq ${order} limit $4) j
        where ${passed} limit $4`,
    }
  }

  #removedTo(queue: string): string {
    return `coalesce((select (value ->> 'removedTo')::bigint from ${this.#s}.record
      where kind = 'queue' and key = ${queue}), 0)`
  }

  get #named(): Statement {
    return {
      name: 'named',
      text: `select * from ${this.#s}.job where state = 1 and jid = $1
        union all select * from ${this.#s}.job where state > 1 and jid = $1`,
    }
  }

  get #waitingOf(): Statement {
    return {
      name: 'waiting_of',
      text: `select j.* from ${this.#s}.job j where seq > $2 and seq <= $3 and state = 0
        and jid = $1 and seq > ${this.#removedTo('j.queue')}`,
    }
  }

  get #lastOf(): Statement {
    return {
      name: 'last_of',
      text: `select max(seq) as seq from
        (select seq from ${this.#s}.job where seq > $1 order by seq limit $2) x`,
    }
  }
}

/** Seqs are whole; a position may lie between two. */
function edge(after: Position | undefined, reversed: boolean): number | string {
  if (after === undefined) return reversed ? '9223372036854775807' : 0
  return reversed ? Math.ceil(after.seq) : Math.floor(after.seq)
}

const asFiltered = (job: Job) => ({ ...job, failure: job.extra?.failure })
