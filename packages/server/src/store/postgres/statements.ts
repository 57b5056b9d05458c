import { State } from '@jobmill/core'
import type { Statement } from './connection.ts'
import { quoted } from './migrations.ts'

const JOB = 'j.seq, j.jid, j.queue, j.priority, j.state, j.at, j.wid, j.extra, j.payload'
const ENTRY = 'j.seq, j.queue, j.priority, j.state, j.at'

type Set = Exclude<State, typeof State.Queued>
const SETS: readonly Set[] = [State.Reserved, State.Scheduled, State.Retry, State.Dead]

/** All that a group of commands says to the database, for one schema. */
export type Statements = ReturnType<typeof statementsOf>

/** @param schema its plain name */
export function statementsOf(schema: string) {
  const s = quoted(schema)
  const named = (name: string, text: string): Statement => ({ name, text })
  // The state stands in the text, so that the plan can use the partial index of that state.
  const perSet = (name: string, text: (set: Set, what: string) => string) =>
    Object.fromEntries(
      SETS.map((set) => [
        set,
        named(`${name}${set}`, text(set, set === State.Reserved ? JOB : ENTRY)),
      ]),
    ) as Record<Set, Statement>
  /** A claim sees nothing of a queue up to the seq that it was removed to. */
  const claim = (waiting: string) => `
    with head as materialized (
      select seq, at, row_number() over () as n from (
        select h.seq, h.at
        from unnest($1::text[], $2::bigint[], $3::bigint[]) q(name, removed_to, room),
        lateral (${waiting}) h
        limit $4) x)
    update ${s}.job j set state = 1, at = $5, wid = ($6::text[])[head.n]
    from head where j.seq = head.seq
    returning ${JOB}, head.at as waited_at`
  return {
    records: named(
      'records',
      `select r.kind, r.key, r.value::text from unnest($1::text[], $2::text[]) k(kind, key)
       join ${s}.record r on r.kind = k.kind and r.key = k.key`,
    ),
    allRecords: named(
      'all_records',
      `select kind, key, value::text from unnest($1::text[]) k(name)
       join ${s}.record on kind = k.name`,
    ),
    // Of two reserved jobs of one jid: of those that the asking worker holds the newest, else the newest.
    settle: named(
      'settle',
      `delete from ${s}.job j using (
         select (select i.seq from ${s}.job i where i.state = 1 and i.jid = c.jid
                 order by i.wid = c.wid desc, i.at desc, i.seq desc limit 1) as seq
         from unnest($1::text[], $2::text[]) c(jid, wid)) k
       where j.seq = k.seq and j.state = 1
       returning j.seq, j.jid, j.queue, j.priority, j.state, j.at, j.wid, j.extra`,
    ),
    reserved: named(
      'reserved',
      `select ${JOB} from unnest($1::text[]) k(jid)
       join ${s}.job j on j.jid = k.jid and j.state = 1 order by j.at, j.seq for update of j`,
    ),
    claim: named(
      'claim',
      claim(`select seq, at from ${s}.job where state = 0 and queue = q.name
             order by priority desc, seq limit least(q.room, $4) for update skip locked`),
    ),
    // Jobs of a removed queue may lie in front by the million: each priority is entered behind them.
    claimPast: named(
      'claim_past',
      claim(`select i.seq, i.at from generate_series(9, 1, -1) p(priority), lateral (
               select seq, at from ${s}.job where state = 0 and queue = q.name
               and priority = p.priority and seq > q.removed_to
               order by seq limit least(q.room, $4) for update skip locked) i
             limit least(q.room, $4)`),
    ),
    due: perSet(
      'due',
      (set, what) => `select ${what} from ${s}.job j where state = ${set} and at <= $1
       order by at, seq limit $2 for update skip locked`,
    ),
    next: perSet(
      'next',
      (set, what) => `select ${what} from ${s}.job j where state = ${set} and at > $1
       order by at, seq limit 1`,
    ),
    entries: perSet(
      'entries',
      (set, what) => `select ${what} from unnest($1::bigint[], $2::float8[]) k(seq, at)
       join ${s}.job j on j.seq = k.seq and j.at = k.at and j.state = ${set}
       order by j.seq for update of j`,
    ),
    waiting: named(
      'waiting',
      `select ${ENTRY} from unnest($1::bigint[], $2::text[], $3::smallint[]) k(seq, queue, priority)
       join ${s}.job j on j.seq = k.seq and j.state = 0 and j.queue = k.queue
         and j.priority = k.priority
       where j.seq > coalesce((select (value ->> 'removedTo')::bigint from ${s}.record
                               where kind = 'queue' and key = j.queue), 0)
       order by j.seq for update of j`,
    ),
    removed: named(
      'removed',
      `select h.seq from unnest($1::text[], $2::bigint[]) q(name, removed_to), lateral (
         select seq from ${s}.job where state = 0 and queue = q.name and seq <= q.removed_to
         order by priority desc, seq limit $3 for update) h
       limit $3`,
    ),
    held: named(
      'held',
      `select k.wid, (select count(*) from ${s}.job where state = 1 and wid = k.wid) as count
       from unnest($1::text[]) k(wid)`,
    ),
    lastSeq: named(
      'last_seq',
      `select case when is_called then last_value else 0 end as seq from ${s}.job_seq`,
    ),
    insert: named(
      'insert',
      `insert into ${s}.job(seq, jid, queue, priority, state, at, wid, extra, payload)
       select nextval('${s}.job_seq'), * from unnest($1::text[], $2::text[], $3::smallint[],
         $4::smallint[], $5::float8[], $6::text[], $7::json[], $8::text[])`,
    ),
    // Numbers are drawn in the order of the list: it is the order in which jobs entered their queues.
    move: named(
      'move',
      `update ${s}.job j set seq = k.to_seq, state = k.state, at = k.at, wid = k.wid,
         extra = case when k.with_extra then k.extra else j.extra end
       from (select seq, case when enters then nextval('${s}.job_seq') else seq end as to_seq,
               state, at, wid, with_extra, extra
             from unnest($1::bigint[], $2::boolean[], $3::smallint[], $4::float8[], $5::text[],
               $6::boolean[], $7::json[]) u(seq, enters, state, at, wid, with_extra, extra)) k
       where j.seq = k.seq`,
    ),
    drop: named(
      'drop',
      `delete from ${s}.job j using unnest($1::bigint[]) k(seq) where j.seq = k.seq`,
    ),
    // Records are read without a lock: who writes one says what it read, or decides again.
    saveRecords: named(
      'save_records',
      `with o(kind, key, was, value) as materialized (
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])),
       added as (insert into ${s}.record(kind, key, value)
         select kind, key, value::json from o where was is null order by kind, key
         on conflict do nothing returning 1),
       changed as (update ${s}.record r set value = o.value::json from o
         where o.was is not null and o.value is not null
         and r.kind = o.kind and r.key = o.key and r.value::text = o.was returning 1),
       gone as (delete from ${s}.record r using o where o.value is null
         and r.kind = o.kind and r.key = o.key and r.value::text = o.was returning 1)
       select ${s}.must((select count(*) from added) + (select count(*) from changed)
         + (select count(*) from gone) = $5)`,
    ),
    verify: named(
      'verify',
      `select ${s}.must((select count(*)
         from unnest($1::text[], $2::text[], $3::text[]) k(kind, key, was)
         join ${s}.record r on r.kind = k.kind and r.key = k.key and r.value::text = k.was) = $4)`,
    ),
    mark: named(
      'mark',
      `update ${s}.server set group_no = $2, processed = processed + $3, failures = failures + $4
       where id = $1`,
    ),
    inbox: named(
      'inbox',
      `select id, job::text as job from ${s}.inbox where refused is null
       order by id limit $1 for update skip locked`,
    ),
    takeIn: named(
      'take_in',
      `delete from ${s}.inbox i using unnest($1::bigint[]) k(id) where i.id = k.id`,
    ),
    sendBack: named(
      'send_back',
      `update ${s}.inbox i set refused = k.why
       from unnest($1::bigint[], $2::text[]) k(id, why) where i.id = k.id`,
    ),
    flushRecords: named('flush_records', `delete from ${s}.record where kind <> 'worker'`),
    flushTotals: named('flush_totals', `update ${s}.server set processed = 0, failures = 0`),
    /** Waits for all that is under way, so it takes the lock before anything else or gives up. */
    flushJobs: `set local lock_timeout = '2s'; truncate ${s}.job`,
    flushJobsSlowly: `delete from ${s}.job`,
    /** A new server takes over the sums of those that are long gone. */
    register: named(
      'register',
      `with gone as (delete from ${s}.server where seen_at < clock_timestamp() - interval '1 day'
         returning processed, failures)
       insert into ${s}.server(processed, failures)
       select coalesce(sum(processed), 0), coalesce(sum(failures), 0) from gone returning id`,
    ),
    time: named('time', `select extract(epoch from clock_timestamp())::float8 * 1000 as ms`),
    notify: named('notify', `select pg_notify($1, $2)`),
    /** Autovacuum looks once a minute, by the server's setting; a busy queue leaves more behind. */
    deadRows: named(
      'dead_rows',
      `select n_dead_tup as count from pg_stat_all_tables where schemaname = $1 and relname = 'job'`,
    ),
    vacuum: `vacuum (skip_locked) ${s}.job`,
    seen: named(
      'seen',
      `update ${s}.server set seen_at = clock_timestamp() where id = $1 returning id`,
    ),
    /** Waits for a transaction of an old connection that is still under way. */
    fate: named('fate', `select group_no from ${s}.server where id = $1 for update`),
  } as const
}
