// Builds the load generator once, again when its source is newer.
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../fwpload.c', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))
const COMPILERS = ['cc', 'gcc', 'clang']
const FLAGS = ['-O2', '-std=gnu11']

/** There is nothing to measure with: no C compiler, or a system that is not Linux. */
export class NoGenerator extends Error {
  name = 'NoGenerator'
}

function modifiedAtMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/**
 * @returns the path of the generator, ready to run.
 * Throws NoGenerator when this machine cannot build it, with what to install.
 */
export function compileGenerator() {
  if (process.platform !== 'linux')
    throw new NoGenerator('the load generator needs Linux (epoll, /proc): nothing measured')
  const built = `${FOLDER}fwpload`
  if (modifiedAtMs(built) > modifiedAtMs(SOURCE)) return built
  mkdirSync(FOLDER, { recursive: true })
  // Built beside and renamed: two benches that start at once never run half a file.
  const fresh = `${built}.${process.pid}`
  for (const compiler of COMPILERS) {
    const run = spawnSync(compiler, [...FLAGS, '-o', fresh, SOURCE], { encoding: 'utf8' })
    if (run.error?.code === 'ENOENT') continue
    if (run.status !== 0)
      throw new NoGenerator(
        `${compiler} could not build bench/fwpload.c (are the headers of libc installed?):\n${run.stderr}`,
      )
    renameSync(fresh, built)
    return built
  }
  throw new NoGenerator(
    `no C compiler (looked for ${COMPILERS.join(', ')}): install one, on Debian and Ubuntu with\n` +
      '  apt-get install gcc libc6-dev\nNothing was measured.',
  )
}
