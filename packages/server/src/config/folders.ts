import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './table.ts'

/** Ours, and Faktory's for the same thing. */
type Pair = readonly [ours: string, faktorys: string]

/**
 * Where jobs are kept unless a setting says it: ours, or Faktory's where that alone exists. A folder
 * that holds a jobmill.db wins. Throws RangeError when both do.
 * @param home the user's home folder
 */
export function dataFolder(environment: Environment, home: string): string {
  const pair: Pair =
    environment === 'development'
      ? [join(home, '.jobmill', 'db'), join(home, '.faktory', 'db')]
      : ['/var/lib/jobmill/db', '/var/lib/faktory/db']
  return chooseDataFolder(pair)
}

export function chooseDataFolder([ours, faktorys]: Pair): string {
  const [here, there] = [ours, faktorys].map((folder) => existsSync(join(folder, 'jobmill.db')))
  if (here === true && there === true) {
    throw new RangeError(
      `both ${ours} and ${faktorys} hold a jobmill.db: say with -d which of them is meant`,
    )
  }
  if (here === true) return ours
  return there === true || (existsSync(faktorys) && !existsSync(ours)) ? faktorys : ours
}

/**
 * Where configuration is looked for: ours, or Faktory's where that alone holds some. What it holds
 * decides, not that it exists: a data folder may have made ours.
 */
export function configFolder(environment: Environment, home: string): string {
  const [ours, faktorys] = configFolders(environment, home)
  if (holdsConfiguration(ours)) return ours
  return holdsConfiguration(faktorys) || (existsSync(faktorys) && !existsSync(ours))
    ? faktorys
    : ours
}

/** Faktory's folder where both hold configuration, so that ours is read and it is not. */
export function otherConfigFolder(environment: Environment, home: string): string | undefined {
  const [ours, faktorys] = configFolders(environment, home)
  return holdsConfiguration(ours) && holdsConfiguration(faktorys) ? faktorys : undefined
}

function configFolders(environment: Environment, home: string): Pair {
  return environment === 'development'
    ? [join(home, '.jobmill'), join(home, '.faktory')]
    : ['/etc/jobmill', '/etc/faktory']
}

const holdsConfiguration = (folder: string): boolean =>
  ['conf.d', 'password'].some((name) => existsSync(join(folder, name)))
