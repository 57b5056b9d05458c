import { afterAll, beforeAll } from 'vitest'
import { benchOn } from '../postgres/bench.ts'
import { openDatabase, type Database } from '../postgres/database.ts'
import { contractSuite } from './contract.ts'

let database: Database
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

contractSuite(
  'postgres',
  benchOn(() => database.url),
)
