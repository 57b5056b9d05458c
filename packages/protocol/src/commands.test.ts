import { describe, expect, test } from 'vitest'
import { isVerb, parseCommand, verbOf, type Command } from './commands.ts'
import { isRefusal } from './errors.ts'
import { LIMITS } from './limits.ts'

const JOB = '{"jid":"abcdefgh","jobtype":"x","args":[]}'

/** The command, or the line that is refused with. */
function read(line: string): Command | string {
  const command = parseCommand(line)
  return isRefusal(command) ? command.text : command
}

describe('verbs', () => {
  test('are what comes before the first blank', () => {
    expect(['', ' ', 'INFO', 'INFO ', 'FETCH a b', 'PUSH\t{}', ' INFO'].map(verbOf)).toEqual([
      '',
      '',
      'INFO',
      'INFO',
      'FETCH',
      'PUSH\t{}',
      '',
    ])
  })

  test('are known in upper case alone', () => {
    const known = 'END PUSH PUSHB FETCH ACK FAIL BEAT INFO FLUSH MUTATE BATCH TRACK QUEUE'
    for (const verb of known.split(' ')) {
      expect([verb, isVerb(verb), isVerb(verb.toLowerCase())]).toEqual([verb, true, false])
    }
    for (const other of ['', 'HELLO', 'NOPE', 'toString', '__proto__', 'constructor']) {
      expect([other, isVerb(other)]).toEqual([other, false])
    }
  })

  test.each([
    ['NOPE', 'unknown command NOPE'],
    ['NOPE a b', 'unknown command NOPE'],
    ['push {}', 'unknown command push'],
    ['Fetch default', 'unknown command Fetch'],
    ['HELLO {"v":2}', 'unknown command HELLO'],
    ['', 'unknown command '],
    [' ', 'unknown command '],
    [' INFO', 'unknown command '],
    ['PUSH{}', 'unknown command PUSH{}'],
    ['PUSH\t{}', 'unknown command PUSH\t{}'],
    ['__proto__ x', 'unknown command __proto__'],
    ['constructor', 'unknown command constructor'],
    ['X'.repeat(5_000), `unknown command ${'X'.repeat(5_000)}`],
  ])('that are unknown are repeated: %j', (line, text) => expect(read(line)).toBe(text))

  test('without arguments ignore what follows', () => {
    for (const verb of ['INFO', 'FLUSH', 'END', 'TRACK', 'BATCH']) {
      for (const line of [verb, `${verb} `, `${verb} please`]) expect(read(line)).toEqual({ verb })
    }
  })
})

describe('an argument that is missing is told', () => {
  test.each(['PUSH', 'PUSHB', 'ACK', 'FAIL', 'BEAT', 'MUTATE'])('%s', (verb) => {
    expect(read(verb)).toMatch(new RegExp(`^${verb} needs an argument`))
  })
  test.each([
    ['PUSH ', /^invalid JSON: /],
    ['PUSHB ', /^invalid JSON: /],
    ['ACK ', /^invalid ACK/],
    ['FAIL ', /^invalid FAIL/],
    ['BEAT ', /^invalid BEAT/],
    ['MUTATE ', /./],
    ['FETCH', /^must call fetch with at least one queue$/],
    ['QUEUE', /QUEUE/],
    ['QUEUE ', /QUEUE/],
    ['QUEUE PAUSE', /^QUEUE PAUSE needs/],
    ['QUEUE RESUME', /^QUEUE RESUME needs/],
    ['QUEUE REMOVE', /^QUEUE REMOVE needs/],
  ])('%j', (line, text) => expect(read(line)).toMatch(text))
})

describe('PUSH', () => {
  test('takes a job with blanks round it', () => {
    const command = read(`PUSH ${JOB}`)
    expect(command).toMatchObject({ verb: 'PUSH', job: { jid: 'abcdefgh', text: JOB } })
    expect(read(`PUSH   ${JOB}`)).toEqual(command)
    expect(read(`PUSH \t${JOB} \t\r`)).toEqual(command)
  })

  test('leaves the checks of a job’s contents to the rules', () => {
    for (const json of ['{}', 'null', '{"jid":"1"}', '{"queue":"*","at":"x"}']) {
      expect(read(`PUSH ${json}`)).toMatchObject({ verb: 'PUSH' })
    }
  })

  test.each([
    'PUSH {',
    "PUSH {'jid':1}",
    'PUSH {"jid":"x",}',
    'PUSH NaN',
    'PUSH [1]',
    'PUSH "x"',
    'PUSH 5',
    `PUSH ${JOB} x`,
    'PUSH {"args":["a\tb"]}',
    'PUSH {"jid":12345678}',
    `PUSH ${'['.repeat(1_000_000)}`,
  ])('refuses what is no job', (line) => {
    expect(read(line)).toMatch(/^invalid JSON: \P{Cc}{1,100}$/u)
  })
})

describe('PUSHB', () => {
  test('takes a list of jobs, each with its own text', () => {
    const line = `PUSHB [ ${JOB} ,{"jid":"ijklmnop","x":1,"args":[1.0]}, null]`
    expect(read(line)).toMatchObject({
      verb: 'PUSHB',
      jobs: [
        { jid: 'abcdefgh', text: JOB },
        { jid: 'ijklmnop', text: '{"jid":"ijklmnop","args":[1.0]}' },
        { jid: '', text: '{}' },
      ],
    })
  })

  test('takes none', () => {
    for (const json of ['[]', ' [ ] ', 'null']) {
      expect(read(`PUSHB ${json}`)).toEqual({ verb: 'PUSHB', jobs: [] })
    }
  })

  test('refuses more jobs than one command may bring', () => {
    const most = `[${'{},'.repeat(LIMITS.bulkJobs - 1)}{}]`
    expect(read(`PUSHB ${most}`)).toMatchObject({ verb: 'PUSHB' })
    expect(read(`PUSHB ${most.slice(0, -1)},1]`)).toBe(
      'PUSHB of 100001 jobs: at most 100000 at once, send the rest in another',
    )
  })

  test.each([
    `PUSHB ${JOB}`,
    'PUSHB [',
    'PUSHB "x"',
    'PUSHB [1]',
    `PUSHB [${JOB},{"args":{}}]`,
    `PUSHB [${JOB},${JOB},]`,
  ])('refuses the whole of %s', (line) => expect(read(line)).toMatch(/^invalid JSON: /))
})

describe('FETCH', () => {
  test.each([
    ['FETCH a', ['a']],
    ['FETCH a b c', ['a', 'b', 'c']],
    ['FETCH a  b ', ['a', 'b']],
    ['FETCH ', []],
    ['FETCH é *', ['é', '*']],
  ])('%j', (line, queues) => expect(read(line)).toEqual({ verb: 'FETCH', queues }))
})

describe('ACK', () => {
  test.each([
    ['ACK {"jid":"x"}', 'x'],
    ['ACK  {"jid":"x"} ', 'x'],
    ['ACK {"jid":""}', ''],
    ['ACK {"jid":null}', ''],
    ['ACK {"jid":"x","wid":"y","other":null}', 'x'],
    ['ACK {"jid":"a","jid":"b"}', 'b'],
    ['ACK {"jid":"a","JID":"b"}', 'a'],
    ['ACK {"jid":"a b\\"c/d\\\\e|f:g"}', 'a b"c/d\\e|f:g'],
    ['ACK {"jid":"\\ud800"}', '\ufffd'],
  ])('%s', (line, jid) => expect(read(line)).toEqual({ verb: 'ACK', jid }))

  test.each([
    '{}',
    '{"id":"x"}',
    '{"JID":"x"}',
    '{"Jid":"x"}',
    'null',
    '"x"',
    '["x"]',
    '{"jid":5}',
    '{"jid"',
    '{"jid":"x","n":1}',
    '{"jid":"x","__proto__":{}}',
    '{"__proto__":{"jid":"x"}}',
    '{"jid":["x"]}',
    '{"jid":"x"} x',
  ])('refuses and repeats %s', (json) => expect(read(`ACK ${json}`)).toBe(`invalid ACK ${json}`))
})

describe('FAIL', () => {
  const failed = (members: string) => read(`FAIL {"jid":"x"${members}}`)
  const UNKNOWN = { verb: 'FAIL', jid: 'x', errtype: 'unknown', message: 'unknown', backtrace: [] }

  test('needs no more than a jid', () => {
    expect(failed('')).toEqual(UNKNOWN)
    expect(failed(',"errtype":null,"message":null,"backtrace":null')).toEqual(UNKNOWN)
    expect(failed(',"errtype":"","message":"","backtrace":[]')).toEqual(UNKNOWN)
    expect(failed(',"errtype":"  ","message":"\\n\\t"')).toEqual(UNKNOWN)
    expect(failed(',"color":"blue","extra":{"a":1}')).toEqual(UNKNOWN)
  })

  test('takes names in any case', () => {
    const all = { verb: 'FAIL', jid: 'x', errtype: 'E', message: 'm', backtrace: ['1'] }
    expect(failed(',"errtype":"E","message":"m","backtrace":["1"]')).toEqual(all)
    expect(failed(',"errType":"E","Message":"m","BACKTRACE":["1"]')).toEqual(all)
  })

  test('trims, and cuts at a character', () => {
    expect(failed(',"errtype":" E ","message":"\\n m \\n"')).toMatchObject({
      errtype: 'E',
      message: 'm',
    })
    expect(failed(`,"errtype":"${'e'.repeat(200)}","message":"${'m'.repeat(999)}é"`)).toMatchObject(
      { errtype: 'e'.repeat(100), message: 'm'.repeat(999) },
    )
  })

  test('keeps 50 lines of a backtrace, whole', () => {
    const lines = (n: number) =>
      Array.from({ length: n }, (_, i) => `line ${i} ${'x'.repeat(5_000)}`)
    for (const n of [49, 50, 51, 60]) {
      expect(failed(`,"backtrace":${JSON.stringify(lines(n))}`)).toMatchObject({
        backtrace: lines(Math.min(n, 50)),
      })
    }
  })

  test.each(['{}', 'null', '{"jid":""}', '{"jid":null}', '{"message":"m"}'])(
    'wants a jid: %s',
    (json) => expect(read(`FAIL ${json}`)).toBe('missing JID'),
  )

  test.each([
    '[]',
    '"x"',
    '{',
    '{"jid":1}',
    '{"message":5}',
    '{"jid":"x","backtrace":"line"}',
    '{"jid":"x","backtrace":[1]}',
    '{"jid":"x","errtype":{}}',
  ])('refuses and repeats %s', (json) => expect(read(`FAIL ${json}`)).toBe(`invalid FAIL ${json}`))
})

describe('BEAT', () => {
  const beat = { verb: 'BEAT', wid: 'w', currentState: '', rssKb: 0 }
  test.each([
    ['{"wid":"w"}', beat],
    ['{"Wid":"w"}', beat],
    ['{"wid":"w","rss_kb":54176,"current_state":""}', { ...beat, rssKb: 54176 }],
    ['{"wid":"w","rss_kb":null,"current_state":null}', beat],
    ['{"wid":"w","current_state":"quiet"}', { ...beat, currentState: 'quiet' }],
    ['{}', { ...beat, wid: '' }],
    ['null', { ...beat, wid: '' }],
  ])('%s', (json, expected) => expect(read(`BEAT ${json}`)).toEqual(expected))

  test.each(['{', '[]', '{"wid":5}', '{"wid":"w","rss_kb":"1"}', '{"wid":"w","rss_kb":1.5}'])(
    'refuses and repeats %s',
    (json) => expect(read(`BEAT ${json}`)).toBe(`invalid BEAT ${json}`),
  )
})

describe('QUEUE', () => {
  test.each([
    ['QUEUE PAUSE a', 'PAUSE', ['a']],
    ['QUEUE pause a b', 'PAUSE', ['a', 'b']],
    ['QUEUE Resume *', 'RESUME', ['*']],
    ['QUEUE REMOVE a *', 'REMOVE', ['a', '*']],
    ['QUEUE LATENCY a*b é', 'LATENCY', ['a*b', 'é']],
    ['QUEUE LATENCY', 'LATENCY', []],
    ['QUEUE PAUSE a  b ', 'PAUSE', ['a', 'b']],
    ['QUEUE PAUSE ', 'PAUSE', []],
  ])('%j', (line, action, names) => expect(read(line)).toEqual({ verb: 'QUEUE', action, names }))

  test.each([
    ['QUEUE UNPAUSE a', 'no such QUEUE subcommand: UNPAUSE'],
    ['QUEUE unpause', 'no such QUEUE subcommand: UNPAUSE'],
    ['QUEUE constructor x', 'no such QUEUE subcommand: CONSTRUCTOR'],
    ['QUEUE LATENCY *', 'QUEUE LATENCY does not support wildcards'],
    ['QUEUE LATENCY a *', 'QUEUE LATENCY does not support wildcards'],
  ])('%j', (line, text) => expect(read(line)).toBe(text))
})

describe('MUTATE', () => {
  const ALL = { jids: undefined, jobtype: undefined, pattern: undefined }
  const discard = (filter: string) =>
    read(`MUTATE {"cmd":"discard","target":"scheduled","filter":${filter}}`)

  test('takes every command and target', () => {
    for (const cmd of ['clear', 'kill', 'discard', 'requeue']) {
      for (const target of ['scheduled', 'retries', 'dead']) {
        const filter = ALL
        expect(read(`MUTATE {"cmd":"${cmd}","target":"${target}"}`)).toEqual({
          verb: 'MUTATE',
          cmd,
          target,
          filter,
        })
      }
    }
  })

  test.each([
    'null',
    '{}',
    '{"jids":[]}',
    '{"jids":null,"jobtype":"","regexp":""}',
    '{"regexp":"*"}',
  ])('means all with the filter %s', (filter) =>
    expect(discard(filter)).toMatchObject({ filter: ALL }),
  )

  test('takes jids, a jobtype and a pattern', () => {
    expect(discard('{"jids":["a","b"],"regexp":"*x*","jobtype":"J"}')).toMatchObject({
      filter: { jids: ['a', 'b'], pattern: '*x*', jobtype: 'J' },
    })
    expect(discard('{"Regexp":"*a b*"}')).toMatchObject({ filter: { ...ALL, pattern: '*a b*' } })
  })

  test('takes blanks in its JSON', () => {
    const spaced =
      '  { "cmd": "discard", "target": "scheduled", "filter": { "jobtype": "Send mail" } } '
    expect(read(`MUTATE ${spaced}`)).toMatchObject({ filter: { ...ALL, jobtype: 'Send mail' } })
  })

  test('clears all, whatever the filter', () => {
    expect(
      read('MUTATE {"cmd":"clear","target":"dead","filter":{"jids":["a"],"jobtype":"J"}}'),
    ).toMatchObject({ cmd: 'clear', filter: ALL })
  })

  test.each([
    '{}',
    'null',
    '{"cmd":"explode","target":"dead"}',
    '{"cmd":"KILL","target":"dead"}',
    '{"cmd":"explode","target":"nowhere"}',
  ])('looks at the command first: %s', (json) => {
    expect(read(`MUTATE ${json}`)).toBe('unknown mutate operation')
  })

  test('then at the target', () => {
    for (const cmd of ['clear', 'kill', 'discard', 'requeue']) {
      for (const target of ['working', 'default', '', 'Dead']) {
        expect(read(`MUTATE {"cmd":"${cmd}","target":"${target}"}`)).toBe(
          'invalid target for mutation command',
        )
      }
    }
    expect(read('MUTATE {"cmd":"clear"}')).toBe('invalid target for mutation command')
  })

  test.each([
    '{',
    '[]',
    '"x"',
    '{"cmd":1}',
    '{"cmd":"discard","target":"dead","filter":"x"}',
    '{"cmd":"discard","target":"dead","filter":{"jids":"x"}}',
    '{"cmd":"discard","target":"dead","filter":{"jids":[1]}}',
    '{"cmd":"discard","target":"dead","filter":{"regexp":1}}',
  ])('refuses broken JSON and wrong types: %s', (json) => {
    const told = read(`MUTATE ${json}`)
    expect(told).toEqual(expect.stringMatching(/^\P{Cc}{1,100}$/u))
    expect(told).not.toBe('unknown mutate operation')
  })
})
