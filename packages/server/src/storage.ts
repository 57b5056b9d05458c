import { SystemClock, type Clock } from './clock.ts'
import type { Settings } from './config/settings.ts'
import { folderFacts } from './folder-facts.ts'
import type { Log } from './log.ts'
import { openEmbedded } from './store/embedded/engine.ts'
import { nameHolder } from './store/embedded/lock.ts'
import { DatabaseClock } from './store/postgres/clock.ts'
import { openPostgres } from './store/postgres/engine.ts'
import type { Store } from './store/store.ts'

/** Where jobs are kept, and whose time counts there. */
export interface Storage {
  readonly store: Store
  readonly clock: Clock
  /** Backups are the server's own work here. */
  readonly backsUp: boolean
  /** Tells the log where jobs are kept. */
  tell(version: string): void
  /** The server listens at these addresses. */
  listening(addresses: readonly string[]): void
}

/** The engine that the settings ask for. Throws FolderError when it cannot have the data folder. */
export function openStorage(settings: Settings, log: Log, clock = new SystemClock()): Storage {
  return settings.database === '' ? inFolder(settings, log, clock) : inDatabase(settings, log)
}

function inFolder(settings: Settings, log: Log, clock: SystemClock): Storage {
  const { dataFolder: folder, environment, durability, memoryBytes } = settings
  return {
    store: openEmbedded({ folder, durability, memoryBytes, clock, log }),
    clock,
    backsUp: true,
    tell(version) {
      const facts = folderFacts(folder)
      const { freeMib, fileSystem } = facts ?? {}
      log.info(
        { folder, environment, durability, freeMib, fileSystem },
        `Jobmill ${version} keeps its data in ${folder}`,
      )
      if (facts?.danger !== undefined) log.warn({ folder }, `the data folder ${facts.danger}`)
      if (durability === 'relaxed') {
        log.warn('durability is relaxed: a power cut may lose what was acknowledged last')
      }
    },
    listening: (addresses) => nameHolder(folder, addresses),
  }
}

function inDatabase(settings: Settings, log: Log): Storage {
  const { database: url, databaseDirect, databaseSchema: schema, environment } = settings
  const clock = new DatabaseClock()
  return {
    store: openPostgres({
      url,
      directUrl: databaseDirect === '' ? url : databaseDirect,
      schema,
      clock,
      log,
    }),
    clock,
    backsUp: false,
    tell(version) {
      const { hostname: host, port, pathname } = new URL(url)
      const database = pathname.slice(1)
      log.info(
        { host, port, database, schema, environment },
        `Jobmill ${version} keeps its data in the PostgreSQL database ${database} at ${host || 'localhost'}`,
      )
    },
    listening: () => undefined,
  }
}
