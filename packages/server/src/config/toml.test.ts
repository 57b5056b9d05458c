import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readToml, TomlProblem } from './toml.ts'

const lines = (text: string): string[] =>
  readToml(text)
    .filter(({ value }) => value !== undefined)
    .map(({ path, value, line }) => `${line} ${path.join('.')} ${JSON.stringify(value)}`)

function problemIn(text: string): string {
  try {
    readToml(text)
  } catch (error) {
    if (error instanceof TomlProblem) return `${error.line}:${error.column} ${error.message}`
    throw error
  }
  return 'none'
}

test('each key has its line, however its table is written', () => {
  expect(
    lines(`# a comment
[ "server" ]   # another
binding = ":1"

web.password = """
binding = "not a key"
"""
  log_level='info'
[web]
binding = ":2"
[[cron]]
schedule = "* * * * *"
[cron.job]
args = [1, [2]]
`),
  ).toEqual([
    '3 server.binding ":1"',
    '5 server.web.password "binding = \\"not a key\\"\\n"',
    '8 server.log_level "info"',
    '10 web.binding ":2"',
    '12 cron.0.schedule "* * * * *"',
    '14 cron.0.job.args [1,[2]]',
  ])
})

test('dotted keys and inline tables say the same as tables', () => {
  expect(lines('server.memory = 1\nweb = { binding = ":2", password = "" }\n')).toEqual([
    '1 server.memory 1',
    '2 web.binding ":2"',
    '2 web.password ""',
  ])
})

test.each([
  ['nothing', '', []],
  ['blank lines and comments', '\n  \n# x\n', []],
  ['a byte order mark', '\uFEFF[server]\nmemory = 1', ['2 server.memory 1']],
  ['CRLF', '[server]\r\nmemory = 1\r\n', ['2 server.memory 1']],
  ['no newline at the end', 'a = 1', ['1 a 1']],
  ['a key of Object itself', '[__proto__]\nconstructor = 1', ['2 __proto__.constructor 1']],
])('%s is understood', (_, text, expected) => {
  expect(lines(text)).toEqual(expected)
})

test('integers beyond 53 bits are read, for they may be somebody else’s', () => {
  expect(readToml('a = 9223372036854775807')).toHaveLength(1)
})

test.each([
  ['[server]\nbinding = \n', '2:11 invalid value: binding ='],
  ['[server]\n\nmemory = 12 MiB\n', /^3:\d+ .*: memory = 12 MiB$/],
  ['a = 1\na = 2\n', /^2:1 .*: a = 2$/],
  ['[a]\nb = 1\n[a]\n', /^3:\d .*: \[a\]$/],
  ['[server\n', /^1:\d .*: \[server$/],
  ['x = [1,\n2', /^2:\d/],
])('what is no TOML is told with its place and line: %j', (text, expected) => {
  expect(problemIn(text)).toMatch(expected)
})

test('a broken line does not show the password in it', () => {
  const problem = problemIn('[server]\npassword = "geheim\n')
  expect(problem).toMatch(/^2:\d+ .*: password …$/)
  expect(problemIn('server = { memory = 1, "password" = geheim }')).not.toContain('geheim')
})

test('lines are right, whatever stands between the keys', () => {
  const filler = fc.constantFrom('', '  ', '# x = 1', '[other]', 'y.z = """\n[a]\nx = 1\n"""')
  fc.assert(
    fc.property(
      fc.array(filler, { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      (fillers, end) => {
        const unique = fillers.map((text, i) =>
          text.replace(/other|y/, `$&${i}`).replaceAll('\n', end),
        )
        const before = unique.join(end)
        const text = `${before}${end}[ "server" ] # here${end}\tmemory=1`
        expect(lines(text).at(-1)).toBe(`${before.split(end).length + 2} server.memory 1`)
      },
    ),
  )
})
