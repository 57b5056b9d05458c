import { spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'

/** Whether the machine has a program. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

/**
 * A `describe` for tests that need a program which a machine may lack. There it becomes one test
 * whose title says so, `… is not installed`: skipped, and with CI=true failed.
 * @param options `concurrent`: its tests run side by side, and beside those of other such groups
 */
export function describeWith(
  program: string,
  title: string,
  body: () => void,
  options: { readonly concurrent?: boolean } = {},
): void {
  if (isInstalled(program)) {
    describe(title, options, body)
    return
  }
  const missing = `${title}: ${program} is not installed`
  if (process.env['CI'] !== 'true') {
    console.warn(`NOT TESTED: ${missing}`)
    test.skip(missing)
    return
  }
  test(missing, () => {
    throw new Error(`install ${program}: with CI=true nothing is left out`)
  })
}
