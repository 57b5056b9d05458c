import { State, type Extra, type Kind, type Records, type TimedState } from '@jobmill/core'
import { canonicalJob, globMatcher } from '@jobmill/protocol'
import type { Filter, Selection, Stats } from '../store.ts'
import type { Connection, Statement } from './connection.ts'
import { quoted } from './migrations.ts'

/** Jobs looked at between two turns of the event loop. */
const PAGE = 500

interface Found {
  readonly seq: number
  readonly at: number
}

/** What people and tasks ask for: on a connection of its own, which no command waits for. */
export class Reader {
  readonly #s: string

  constructor(schema: string) {
    this.#s = quoted(schema)
  }

  /** All counts of one moment. */
  async stats(connection: Connection): Promise<Stats> {
    const ask = <Row>(name: string, text: string) =>
      connection.query<Row>({ name: `stats_${name}`, text })
    const [, queues, sets, totals, workers] = await Promise.all([
      connection.simple('begin isolation level repeatable read, read only'),
      ask<{ name: string; count: number }>('queues', this.#queueCounts()),
      ask<{ state: number; count: number }>(
        'sets',
        `select state, count(*) as count from ${this.#s}.job where state > 0 group by state`,
      ),
      ask<{ processed: number; failures: number }>(
        'totals',
        `select coalesce(sum(processed), 0)::bigint as processed,
           coalesce(sum(failures), 0)::bigint as failures from ${this.#s}.server`,
      ),
      ask<{ count: number }>(
        'workers',
        `select count(*) as count from ${this.#s}.record
         where kind = 'worker' and (value ->> 'connections')::int > 0`,
      ),
      connection.simple('commit'),
    ])
    const size = (state: State): number => sets.find((one) => one.state === state)?.count ?? 0
    return {
      queues: new Map(queues.map(({ name, count }) => [name, count])),
      scheduled: size(State.Scheduled),
      retries: size(State.Retry),
      dead: size(State.Dead),
      working: size(State.Reserved),
      processed: totals[0]?.processed ?? 0,
      failures: totals[0]?.failures ?? 0,
      workers: workers[0]?.count ?? 0,
    }
  }

  /** Epoch ms: when the oldest waiting job of a queue was enqueued; undefined when it is empty. */
  async oldest(connection: Connection, queue: string): Promise<number | undefined> {
    const [row] = await connection.query<{ at: number | null }>(
      {
        name: 'oldest',
        text: `select min(h.at) as at from generate_series(1, 9) p(priority), lateral (
          select at from ${this.#s}.job where state = 0 and queue = $1 and priority = p.priority
          and seq > coalesce((select (value ->> 'removedTo')::bigint from ${this.#s}.record
                              where kind = 'queue' and key = $1), 0)
          order by seq limit 1) h`,
      },
      [queue],
    )
    return row?.at ?? undefined
  }

  async records<K extends Kind>(
    connection: Connection,
    kind: K,
  ): Promise<readonly [string, Records[K]][]> {
    // Written from a record of this kind.
    const rows = await connection.query<{ key: string; value: Records[K] }>(
      { name: 'records', text: `select key, value from ${this.#s}.record where kind = $1` },
      [kind],
    )
    return rows.map(({ key, value }) => [key, value])
  }

  /** The jobs of a set that fit, in order of seq. */
  async select(
    connection: Connection,
    set: TimedState | typeof State.Reserved,
    filter: Filter,
  ): Promise<Selection> {
    const found =
      filter.jids === undefined
        ? await this.#matching(connection, set, filter)
        : await this.#ofJids(connection, set, filter.jids)
    return {
      seq: Float64Array.from(found, ({ seq }) => seq),
      at: Float64Array.from(found, ({ at }) => at),
    }
  }

  #ofJids(connection: Connection, set: State, jids: readonly string[]): Promise<Found[]> {
    const index = set === State.Reserved ? 'j.state = 1' : 'j.state > 1'
    return connection.query<Found>(
      {
        name: `of_jids_${set}`,
        text: `select j.seq, j.at from unnest($1::text[]) k(jid) join ${this.#s}.job j
          on j.jid = k.jid and j.state = ${set} and ${index} order by j.seq`,
      },
      [[...new Set(jids)]],
    )
  }

  async #matching(connection: Connection, set: State, filter: Filter): Promise<Found[]> {
    const { jobtype, pattern } = filter
    if (jobtype === undefined && pattern === undefined) {
      const text = `select seq, at from ${this.#s}.job where state = ${set} order by seq`
      return connection.query<Found>({ name: `all_${set}`, text })
    }
    const fits = pattern === undefined ? undefined : globMatcher(pattern)
    const found: Found[] = []
    const page: Statement = {
      name: `page_${set}`,
      text: `select seq, at, payload, extra from ${this.#s}.job
        where state = ${set} and (at, seq) > ($1, $2) order by at, seq limit ${PAGE}`,
    }
    let last: Found = { at: -Infinity, seq: 0 }
    for (;;) {
      const jobs = await connection.query<Found & Stored>(page, [last.at, last.seq])
      for (const job of jobs) {
        if (jobtype !== undefined && jobtypeOf(job) !== jobtype) continue
        if (fits !== undefined && !fits(asFaktoryWrites(job))) continue
        found.push(job)
      }
      if (jobs.length < PAGE) return found.sort((a, b) => a.seq - b.seq)
      last = jobs.at(-1) ?? last
    }
  }

  /** Queues that are known, and those with jobs: a removal elsewhere may have crossed their push. */
  #queueCounts(): string {
    const s = this.#s
    return `with q as (
        select key as name, (value ->> 'known')::boolean as known,
          (value ->> 'removedTo')::bigint as removed_to
        from ${s}.record where kind = 'queue'),
      c as (
        select j.queue as name, count(*) as count from ${s}.job j left join q on q.name = j.queue
        where j.state = 0 and j.seq > coalesce(q.removed_to, 0) group by j.queue)
      select coalesce(q.name, c.name) as name, coalesce(c.count, 0) as count
      from q full join c on c.name = q.name where q.known or c.count > 0`
  }
}

interface Stored {
  readonly payload: string
  readonly extra: Extra | null
}

// The text was checked when it was written, by push.
const jobtypeOf = ({ payload }: Stored): unknown =>
  (JSON.parse(payload) as { jobtype?: unknown }).jobtype
const asFaktoryWrites = ({ payload, extra }: Stored): string =>
  canonicalJob(payload, '', extra?.failure)
