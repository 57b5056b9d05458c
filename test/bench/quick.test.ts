import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeWith } from '../support/toolchain.ts'

const RUN = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url))

interface Report {
  readonly results: readonly { readonly name: string }[]
}

// Only that they run: what they measure here would be noise.
describeWith('cc', 'the benchmarks', () => {
  test('run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'jobmill-bench-'))
    const file = join(folder, 'report.json')
    const ran = spawnSync('node', [RUN, '--quick', '--scenario', 'all', '--json', file], {
      encoding: 'utf8',
    })
    expect(ran.stderr).not.toMatch(/Error/)
    expect(ran.status).toBe(0)
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as Report
    expect(results.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['push', 'drain', 'cycle', 'backlog', 'start', 'requeue', 'million']),
    )
    rmSync(folder, { recursive: true })
  })
})
