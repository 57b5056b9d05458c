import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('recorder.c', import.meta.url))

/**
 * Builds recorder.c with the system's C compiler, in a second.
 * @returns the path of the library to preload. Throws when the compiler refuses.
 */
export function compileRecorder(): string {
  const library = join(mkdtempSync(join(tmpdir(), 'jobmill-recorder-')), 'recorder.so')
  const flags = ['-O2', '-Wall', '-Wextra', '-fPIC', '-shared']
  const built = spawnSync('cc', [...flags, '-o', library, SOURCE, '-ldl', '-lpthread'], {
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`cc refuses recorder.c:\n${built.stderr}`)
  return library
}
