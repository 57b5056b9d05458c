import type { Connection } from './connection.ts'
import { SchemaError } from './faults.ts'

interface Migration {
  /** The first version of Jobmill that needs it. */
  readonly since: string
  /** Schema-qualified statements; `s` is the schema's quoted name. */
  sql(s: string): string
}

/** Forward only: what has been released is never changed, only followed. */
const MIGRATIONS: readonly Migration[] = [
  {
    since: '0.2.0',
    sql: (s) => `
-- No cache: the order of seq is the order of arrival over all servers.
create sequence ${s}.job_seq;

create table ${s}.job(
  seq bigint primary key,
  jid text not null,
  queue text not null,
  priority smallint not null,
  state smallint not null,
  at float8 not null,
  wid text not null default '',
  extra json,
  payload text not null
) with (
  fillfactor = 85,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000,
  autovacuum_vacuum_cost_delay = 0
);
comment on column ${s}.job.state is '0 waiting, 1 reserved, 2 scheduled, 3 retry, 4 dead';
comment on column ${s}.job.at is 'epoch ms: when it was enqueued, lapses, falls due or died';
create index job_ready on ${s}.job(queue, priority desc, seq) where state = 0;
create index job_held on ${s}.job(jid) where state = 1;
create index job_lapse on ${s}.job(at, seq) where state = 1;
create index job_timed on ${s}.job(state, at, seq) where state > 1;
create index job_jid on ${s}.job(jid) where state > 1;

create table ${s}.record(
  kind text not null,
  key text not null,
  value json not null,
  primary key (kind, key)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create table ${s}.server(
  id bigint generated always as identity primary key,
  -- The last group of commands that it committed: tells a commit's fate when the reply was lost.
  group_no bigint not null default 0,
  processed bigint not null default 0,
  failures bigint not null default 0,
  seen_at timestamptz not null default clock_timestamp()
) with (
  fillfactor = 10,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

create function ${s}.must(ok boolean) returns void language plpgsql as $$
begin
  if not ok then
    raise exception using errcode = '40001', message = 'jobmill: a record changed meanwhile';
  end if;
end
$$;
`,
  },
  {
    since: '0.2.0',
    sql: (s) => `
create table ${s}.inbox(
  id bigint generated always as identity primary key,
  job json not null,
  pushed_at timestamptz not null default clock_timestamp(),
  -- Why the rules would not have it; null: it waits for a server.
  refused text
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);
create index inbox_waiting on ${s}.inbox(id) where refused is null;

create function ${s}.give_jid() returns trigger language plpgsql as $$
begin
  if json_typeof(new.job) = 'object' and new.job ->> 'jid' is null then
    new.job := regexp_replace(new.job::text, '^\\s*\\{',
      '{"jid":"' || replace(gen_random_uuid()::text, '-', '') || '",')::json;
  end if;
  return new;
end
$$;
create trigger give_jid before insert on ${s}.inbox for each row execute function ${s}.give_jid();

create function ${s}.wake_servers() returns trigger language plpgsql as $$
begin
  perform pg_notify('jobmill_' || tg_table_schema, '0 +inbox');
  return null;
end
$$;
create trigger wake_servers after insert on ${s}.inbox
  for each statement execute function ${s}.wake_servers();

create function ${s}.push(job json) returns text language sql as $$
  insert into ${s}.inbox(job) values ($1) returning inbox.job ->> 'jid'
$$;
`,
  },
]

export const SCHEMA_VERSION = MIGRATIONS.length

/** As an SQL identifier. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** What `migrate` did, or would do. */
export interface Migrated {
  /** Of the data, 0 for none. */
  readonly from: number
  readonly to: number
  /** The statements, in order. */
  readonly sql: string
}

/**
 * Brings the schema to this program's version: all in one transaction, one server at a time.
 * Rejects with a SchemaError when a newer program has been there.
 * @param dryRun tells what would be done and does nothing
 */
export async function migrate(
  connection: Connection,
  schema: string,
  dryRun = false,
): Promise<Migrated> {
  // Most starts find all in place, and then need no right to create anything.
  const found = await versionOf(connection, schema)
  if (found === SCHEMA_VERSION) return { from: found, to: found, sql: '' }
  const s = quoted(schema)
  await connection.simple('begin')
  try {
    await connection.query(LOCK, [`jobmill ${schema}`])
    const from = await versionOf(connection, schema)
    const sql = stepsFrom(from, s)
    if (!dryRun && sql !== '') await connection.simple(sql)
    await connection.simple(dryRun ? 'rollback' : 'commit')
    return { from, to: SCHEMA_VERSION, sql }
  } catch (error) {
    await connection.simple('rollback').catch(() => undefined)
    if ((error as { code?: unknown }).code !== NO_RIGHT) throw error
    throw new SchemaError(
      `the tables in schema ${schema} are of version ${found}, this program needs ` +
        `${SCHEMA_VERSION}, and this role may not change them: run jobmill migrate as their owner`,
      { cause: error },
    )
  }
}

const NO_RIGHT = '42501'
const LOCK = {
  name: 'migration_lock',
  text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
}

function stepsFrom(from: number, s: string): string {
  const steps = MIGRATIONS.slice(from).map(
    ({ since, sql }, i) =>
      `${sql(s)}\ninsert into ${s}.migration(version, since) values (${from + i + 1}, '${since}');\n`,
  )
  if (from === 0) {
    steps.unshift(
      `create schema if not exists ${s};\n` +
        `create table ${s}.migration(version integer primary key, since text not null,\n` +
        `  applied_at timestamptz not null default clock_timestamp());\n`,
    )
  }
  return steps.join('')
}

/** @returns 0 when there is nothing yet */
async function versionOf(connection: Connection, schema: string): Promise<number> {
  const table = `${quoted(schema)}.migration`
  // Not to_regclass: what another server has created meanwhile may be missing from its cache.
  const [there] = await connection.query<{ there: boolean }>(
    {
      name: '',
      text: `select exists (select from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = 'migration') as there`,
    },
    [schema],
  )
  if (there?.there !== true) return 0
  const [last] = await connection.query<{ version: number; since: string }>({
    name: '',
    text: `select version, since from ${table} order by version desc limit 1`,
  })
  if (last !== undefined && last.version > SCHEMA_VERSION) {
    throw new SchemaError(
      `the tables in schema ${schema} are of version ${last.version}, this program knows ` +
        `${SCHEMA_VERSION}: run Jobmill ${last.since} or later`,
    )
  }
  return last?.version ?? 0
}
