import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readToml, TomlProblem, type Statement } from './toml.ts'

/** One file that was read. */
export interface TomlFile {
  /** As it was found, for messages. */
  readonly path: string
  readonly statements: readonly Statement[]
}

/** What a folder of files gave. Problems stop a start, warnings do not. */
export interface Found {
  readonly files: readonly TomlFile[]
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** All `conf.d/*.toml` of a configuration folder, in the order of their names. Never throws. */
export function readFiles(configFolder: string): Found {
  const confd = join(configFolder, 'conf.d')
  const names = list(confd)
  if (names instanceof Error) {
    return { files: [], problems: [`${confd} cannot be read: ${names.message}`], warnings: [] }
  }
  const results = names.filter(isToml).map((name) => readFile(join(confd, name)))
  return {
    files: results.filter((one) => typeof one !== 'string'),
    problems: results.filter((one) => typeof one === 'string'),
    warnings: strays(configFolder, confd, names),
  }
}

/** One file, or the problem with it in a sentence. */
export function readFile(path: string): TomlFile | string {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) {
      return `${path} is a folder, not a file (container tools make one where the file to mount is missing)`
    }
    if (!stat.isFile()) return `${path} is not a regular file`
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    return { path, statements: readToml(text) }
  } catch (error) {
    if (error instanceof TomlProblem) {
      return `${path}:${error.line}:${error.column}: ${error.message}`
    }
    if (error instanceof TypeError) return `${path} is not UTF-8 text`
    return `${path} cannot be read: ${(error as Error).message}`
  }
}

/** Hidden ones are an editor's or a mount's own. */
const isToml = (name: string): boolean => name.endsWith('.toml') && !name.startsWith('.')

/** The names in byte order; none where there is no folder. */
function list(folder: string): string[] | Error {
  try {
    return readdirSync(folder).toSorted()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : (error as Error)
  }
}

/** Files that somebody may believe to be read. */
function strays(configFolder: string, confd: string, names: readonly string[]): string[] {
  const above = list(configFolder)
  return [
    ...names
      .filter((name) => !name.startsWith('.') && !isToml(name))
      .map((name) => `${join(confd, name)} is not read: its name does not end in .toml`),
    ...(above instanceof Error ? [] : above)
      .filter(isToml)
      .map((name) => `${join(configFolder, name)} is not read: only files in conf.d are`),
  ]
}
