import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../packages/protocol/src/errors.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((name) => /\.(ts|mjs|md|json|sh|c|go|py|js)$/.test(name) && existsSync(join(ROOT, name)))
const texts = new Map(files.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]))
const docs = files.filter((name) => name.endsWith('.md'))
const headingsOf = (doc: string): string[] =>
  [...(texts.get(doc) ?? '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)

/** Every place that `pattern` finds, as `file: what`. */
function found(pattern: RegExp, names: readonly string[]): string[] {
  return names.flatMap((name) =>
    [...(texts.get(name) ?? '').matchAll(pattern)].map(([what]) => `${name}: ${what}`),
  )
}

test('the code cites only pages, headings and rows that exist', () => {
  const wrong: string[] = []
  for (const [name, text] of texts) {
    if (!name.endsWith('.ts')) continue
    for (const [cited, doc = '', rest = ''] of text.matchAll(
      /(docs\/\w+\.md)((?:,? "[^"]+"|,? T\d+)*)/g,
    )) {
      if (!docs.includes(doc)) wrong.push(`${name}: ${doc}`)
      const headings = [...rest.matchAll(/"([^"]+)"/g)].map(([, heading = '']) => heading)
      const rows = [...rest.matchAll(/T\d+/g)].map(([row]) => row)
      const missing = [
        ...headings.filter((heading) => !headingsOf(doc).includes(heading)),
        ...rows.filter((row) => !(texts.get(doc) ?? '').includes(`| ${row} |`)),
      ]
      if (missing.length > 0) wrong.push(`${name}: ${cited}`)
    }
  }
  expect(wrong).toEqual([])
})

test('pages link only to files that exist', () => {
  const broken = docs.flatMap((doc) =>
    [...(texts.get(doc) ?? '').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(doc), target)))
      .map((target) => `${doc}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('each page has one title', () => {
  const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```/g, '')
  const titles = docs.map((doc) => [
    doc,
    withoutCode(texts.get(doc) ?? '').match(/^# /gm)?.length ?? 0,
  ])
  expect(titles.filter(([, count]) => count !== 1)).toEqual([])
})

test('no file names a path of somebody’s machine', () => {
  const others = files.filter((name) => name !== 'test/docs.test.ts')
  expect(found(/(?<![\w.])\/(work|root|farm)\/\w+/g, others)).toEqual([])
})

test('no test is focused or left for later', () => {
  const tests = files.filter((name) => name.endsWith('.test.ts'))
  expect(found(/\b(it|test|describe)\.(only|todo|skip)\b/g, tests)).toEqual([])
})

test('the protocol’s page lists every error code, and no other', () => {
  const page = texts.get('docs/protocol.md') ?? ''
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
  expect(listed.sort()).toEqual([...ERROR_CODES].sort())
})
