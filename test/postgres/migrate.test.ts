import { afterAll, beforeAll, expect, test } from 'vitest'
import { machine } from '../config/command.ts'
import { openDatabase, runSql, type Database } from './database.ts'

let database: Database
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

/** The tables of a schema, with their columns. */
const tables = (schema: string) =>
  runSql(
    database.url,
    `select table_name, column_name, data_type from information_schema.columns
     where table_schema = '${schema}' order by 1, 2`,
  )

test('migrate brings the tables up to date once; a dry run prints the SQL and changes nothing', async () => {
  const { run } = machine()
  const migrate = (schema: string, ...args: string[]) =>
    run(['migrate', '--database-schema', schema, ...args], { JOBMILL_DATABASE: database.url })

  const dry = migrate('by_hand', '--dry-run')
  expect(dry).toMatchObject({ code: 0, stderr: '' })
  expect(dry.stdout).toMatch(/^-- schema by_hand, version 0 to \d+\n/)
  expect(await tables('by_hand')).toEqual([])

  expect(migrate('by_jobmill')).toMatchObject({ code: 0, stderr: '' })
  expect(migrate('by_jobmill').stdout).toMatch(/nothing to do/)

  // What it printed is what it does.
  await runSql(database.url, dry.stdout)
  expect(await tables('by_hand')).toEqual(await tables('by_jobmill'))
  expect(migrate('by_hand').stdout).toMatch(/nothing to do/)
})

test('migrate says what is wrong', () => {
  const { run } = machine()
  expect(run(['migrate'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no database'),
  })
  expect(run(['migrate', '--database', 'mysql://x'])).toMatchObject({ code: 2 })
})
