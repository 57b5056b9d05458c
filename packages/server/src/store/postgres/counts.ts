import { State, type Kind, type Records } from '@jobmill/core'
import type { QueueFacts, Stats } from '../store.ts'
import type { Connection } from './connection.ts'
import { quoted } from './migrations.ts'

const PRIORITIES = 10

/** Sums and small tables: what INFO, pages and tasks ask for. */
export class Counts {
  readonly #s: string

  constructor(schema: string) {
    this.#s = quoted(schema)
  }

  /** All counts of one moment. */
  async stats(connection: Connection): Promise<Stats> {
    const ask = <Row>(name: string, text: string) =>
      connection.query<Row>({ name: `stats_${name}`, text })
    const [, queues, sets, totals, workers, last] = await Promise.all([
      connection.simple('begin isolation level repeatable read, read only'),
      // Known queues, and those with jobs: a removal elsewhere may have crossed their push.
      ask<{ name: string; count: number }>(
        'queues',
        `with q as (
           select key as name, (value ->> 'known')::boolean as known,
             (value ->> 'removedTo')::bigint as removed_to
           from ${this.#s}.record where kind = 'queue'),
         c as (select queue as name, count(*) as count from ${this.#s}.job
           where state = 0 group by queue),
         r as (select q.name, count(*) as count from q join ${this.#s}.job j
           on j.queue = q.name and j.state = 0 and j.seq <= q.removed_to
           where q.removed_to > 0 group by q.name)
         select name, coalesce(c.count, 0) - coalesce(r.count, 0) as count
         from q full join c using (name) left join r using (name)
         where q.known or c.count > coalesce(r.count, 0)`,
      ),
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
      ask<{ seq: number }>(
        'last',
        `select case when is_called then last_value else 0 end as seq from ${this.#s}.job_seq`,
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
      lastSeq: last[0]?.seq ?? 0,
    }
  }

  async queues(connection: Connection): Promise<readonly QueueFacts[]> {
    const rows = await connection.query<{
      name: string
      known: boolean
      paused: boolean
      priority: number | null
      count: number
      oldest: number | null
    }>({
      name: 'queues',
      text: `with ${this.#waiting()}
        select coalesce(q.name, c.name) as name, coalesce(q.known, false) as known,
          coalesce(q.paused, false) as paused, c.priority, c.count, c.oldest
        from q full join c on c.name = q.name where q.known or q.paused or c.count > 0 order by 1`,
    })
    const queues = new Map<string, QueueFacts>()
    for (const { name, known, paused, priority, count, oldest } of rows) {
      const before = queues.get(name)
      const byPriority = [...(before?.byPriority ?? new Array<number>(PRIORITIES).fill(0))]
      if (priority !== null) byPriority[priority] = count
      queues.set(name, {
        name,
        known,
        paused,
        byPriority,
        size: (before?.size ?? 0) + (priority === null ? 0 : count),
        oldestAtMs: oldest === null ? undefined : Math.min(before?.oldestAtMs ?? oldest, oldest),
      })
    }
    return [...queues.values()]
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

  /** How many jobs each worker holds. */
  async held(connection: Connection): Promise<ReadonlyMap<string, number>> {
    const rows = await connection.query<{ wid: string; count: number }>({
      name: 'held_by',
      text: `select wid, count(*) as count from ${this.#s}.job where state = 1
        group by wid order by wid`,
    })
    return new Map(rows.map(({ wid, count }) => [wid, count]))
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

  /** The queues' records as `q`, and as `c` what waits in each by priority. */
  #waiting(): string {
    return `q as (
        select key as name, (value ->> 'known')::boolean as known,
          (value ->> 'paused')::boolean as paused, (value ->> 'removedTo')::bigint as removed_to
        from ${this.#s}.record where kind = 'queue'),
      c as (
        select j.queue as name, j.priority, count(*) as count, min(j.at) as oldest
        from ${this.#s}.job j left join q on q.name = j.queue
        where j.state = 0 and j.seq > coalesce(q.removed_to, 0) group by 1, 2)`
  }
}
