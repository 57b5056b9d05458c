import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { LIVE } from './live/known.ts'
import type { Kit } from './live/prepared.ts'
import { ACCEPTS } from './replay/accepts.ts'
import { recordingsIn } from './replay/recording.ts'
import { rows } from './suite.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

test('the table of docs/clients.md has exactly the clients that are tested, as they are', () => {
  const [, table = ''] = /^## Results\n([\s\S]*?)\n## /m.exec(read('docs/clients.md')) ?? []
  const cells = table
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| --- '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .slice(1)
  const documented = cells.map(([, client, version, tested]) => ({ client, version, tested }))
  expect(documented).toEqual(rows())
  for (const [, client, , , result, toKnow] of cells) {
    expect([client, result, toKnow]).not.toContain('')
  }
})

const MANIFESTS: Readonly<Record<Kit, string>> = {
  node: 'examples/node/package.json',
  go: 'examples/go/go.mod',
  python: 'examples/python/requirements.txt',
  pyfaktory: 'test/interop/live/pyfaktory/requirements.txt',
  rust: 'test/interop/live/rust/Cargo.toml',
}

test.each(LIVE.map((client) => [client.name, client] as const))(
  'the version said of %s is the one that is installed',
  (_, { kit, version }) => {
    const manifest = read(MANIFESTS[kit])
    const numbers = version.match(/\d+\.\d+\.\d+/g) ?? []
    expect(numbers.length).toBeGreaterThan(0)
    for (const number of numbers) expect(manifest).toContain(number)
  },
)

test('for each recording it is said what its client takes', () => {
  const ids = [...recordingsIn('recordings'), ...recordingsIn('lines')].map(({ id }) => id)
  expect(Object.keys(ACCEPTS).toSorted()).toEqual(ids.toSorted())
})
