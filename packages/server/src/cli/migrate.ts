import type { Settings } from '../config/settings.ts'
import { createLog } from '../log.ts'
import { migrateDatabase } from '../store/postgres/migrate.ts'

/** `jobmill migrate`: brings the tables of the database up to date, or tells how. Rejects where it cannot. */
export async function migrate(settings: Settings, dryRun: boolean): Promise<void> {
  const { database, databaseDirect, databaseSchema: schema, logLevel } = settings
  if (database === '')
    throw new Error('there is no database: name one with --database postgres://…')
  const url = databaseDirect === '' ? database : databaseDirect
  const { from, to, sql } = await migrateDatabase(url, schema, dryRun, createLog(logLevel))
  if (from === to) process.stdout.write(`schema ${schema} is of version ${to}: nothing to do\n`)
  else if (dryRun) process.stdout.write(`-- schema ${schema}, version ${from} to ${to}\n${sql}`)
  else process.stdout.write(`schema ${schema}: version ${from} to ${to}\n`)
}
