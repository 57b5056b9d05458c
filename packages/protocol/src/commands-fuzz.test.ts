import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVerb, parseCommand, verbOf } from './commands.ts'
import { isRefusal } from './errors.ts'

const JOB = '{"jid":"abcdefgh","jobtype":"x","args":[]}'

describe('whatever is sent', () => {
  const VALID = [
    `PUSH ${JOB}`,
    'PUSH {"jid":"abcdefgh","jobtype":"x","args":[{"a":[1.0]}],"at":"","retry":3,"custom":{"b":1}}',
    `PUSHB [${JOB},${JOB}]`,
    'FETCH critical default',
    'ACK {"jid":"abcdefgh"}',
    'FAIL {"jid":"abcdefgh","errtype":"E","message":"m","backtrace":["a","b"]}',
    'BEAT {"wid":"w","current_state":"quiet","rss_kb":5}',
    'INFO',
    'QUEUE PAUSE a b',
    'MUTATE {"cmd":"kill","target":"dead","filter":{"jids":["a"],"regexp":"*"}}',
  ]

  function isTaken(line: string): void {
    const command = parseCommand(line)
    if (isRefusal(command)) expect(command.text).not.toMatch(/[\r\n]/)
    else expect(isVerb(command.verb)).toBe(true)
  }

  test('random bytes are a command or a refusal of one line', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from(' {}[]",:\\0123')))
    const verb = fc.constantFrom('', ...VALID.map((line) => `${verbOf(line)} `))
    fc.assert(
      fc.property(verb, fc.array(byte), (start, bytes) => {
        isTaken(start + Buffer.from(bytes).toString('utf8'))
      }),
      { numRuns: 3_000 },
    )
  })

  test('any JSON is', () => {
    const verb = fc.constantFrom(...VALID.map(verbOf))
    fc.assert(
      fc.property(verb, fc.json({ stringUnit: 'binary' }), (start, json) => {
        isTaken(`${start} ${json}`)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a valid command with some bytes changed is', () => {
    const change = fc.record({
      at: fc.nat(),
      drop: fc.nat(3),
      put: fc.oneof(
        fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'null', '1e400', '\\ud800', '\r'),
        fc.string({ unit: 'binary', maxLength: 3 }),
      ),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...VALID),
        fc.array(change, { minLength: 1 }),
        (line, changes) => {
          let changed = line
          for (const { at, drop, put } of changes) {
            const place = at % (changed.length + 1)
            changed = changed.slice(0, place) + put + changed.slice(place + drop)
          }
          isTaken(changed)
        },
      ),
      { numRuns: 3_000 },
    )
  })

  test('a payload that was taken is JSON with the args that were sent', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.json(), (args, json) => {
        const command = parseCommand(
          `PUSH {"jid":"abcdefgh","x":${json},"args":${JSON.stringify(args)}}`,
        )
        expect(command).toHaveProperty(
          'job.text',
          `{"jid":"abcdefgh","args":${JSON.stringify(args)}}`,
        )
      }),
    )
  })
})
