import type { Log } from '../../log.ts'
import { Connection } from './connection.ts'
import { migrate, type Migrated } from './migrations.ts'

/**
 * Brings the tables up to date over a connection of its own, as long as it may take. Rejects as the
 * database says, or with a SchemaError. @param dryRun tells what would be done and does nothing
 */
export async function migrateDatabase(
  url: string,
  schema: string,
  dryRun: boolean,
  log: Log,
): Promise<Migrated> {
  const applicationName = 'jobmill migrate'
  const connection = await Connection.open({
    url,
    applicationName,
    statementMs: 0,
    silenceMs: 0,
    planner: true,
    log,
  })
  try {
    return await migrate(connection, schema, dryRun)
  } finally {
    await connection.end()
  }
}
