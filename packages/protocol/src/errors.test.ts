import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal, refuse, type ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'
import { errorReply } from './replies.ts'

describe('the texts that clients may look at are Faktory’s', () => {
  const rows: readonly [ErrorCode, string[], string][] = [
    ['INVALID_PASSWORD', [], 'Invalid password'],
    ['UNKNOWN_COMMAND', ['NOPE'], 'unknown command NOPE'],
    ['UNKNOWN_COMMAND', [''], 'unknown command '],
    ['SHUTDOWN', [], 'shutdown in progress'],
    ['TOO_MANY_CONNECTIONS', ['10001'], 'too many connections: 10001'],
    ['COMMAND_TOO_LONG', ['33554432'], 'command longer than 33554432 bytes'],
    ['JID_MISSING', [], 'jobs must have a reasonable jid parameter'],
    ['JOBTYPE_MISSING', [], 'jobs must have a jobtype parameter'],
    ['ARGS_MISSING', [], 'jobs must have an args parameter'],
    ['RESERVE_TOO_LONG', [], 'jobs cannot be reserved for more than one day'],
    [
      'INVALID_AT',
      ['tomorrow'],
      `invalid timestamp for 'at': "tomorrow": parsing time "tomorrow" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse "tomorrow" as "2006"`,
    ],
    [
      'INVALID_QUEUE_NAME',
      ['a b'],
      'cannot get "a b" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z',
    ],
    ['FETCH_WITHOUT_QUEUE', [], 'must call fetch with at least one queue'],
    ['INVALID_ACK', ['{}'], 'invalid ACK {}'],
    ['INVALID_FAIL', ['[]'], 'invalid FAIL []'],
    ['FAIL_WITHOUT_JID', [], 'missing JID'],
    ['JOB_NOT_FOUND', ['no-such-job'], 'Job not found no-such-job'],
    ['INVALID_BEAT', [''], 'invalid BEAT '],
    ['UNKNOWN_WORKER', ['nobody'], 'Unknown worker nobody'],
    ['QUEUE_UNKNOWN_SUBCOMMAND', ['UNPAUSE'], 'no such QUEUE subcommand: UNPAUSE'],
    ['LATENCY_WILDCARD', [], 'QUEUE LATENCY does not support wildcards'],
    ['MUTATE_TARGET', [], 'invalid target for mutation command'],
    ['MUTATE_COMMAND', [], 'unknown mutate operation'],
    ['TRACK_UNAVAILABLE', [], 'tracking subsystem is only available in Faktory Enterprise'],
    ['BATCH_UNAVAILABLE', [], 'batch subsystem is only available in Faktory Enterprise'],
  ]
  test.each(rows)('%s', (code, details, text) => {
    expect(refuse(code, ...details)).toMatchObject({ code, text })
    expect(errorReply(refuse(code, ...details))).toBe(`-ERR ${text}\r\n`)
  })
})

test('a refusal is one line, whatever it repeats', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => {
      const { text } = refuse('INVALID_AT', `${a}\r\n${b}\n\r`)
      expect(text).not.toMatch(/[\r\n]/)
    }),
  )
})

test('what a peer sent is repeated to a limit', () => {
  expect(refuse('UNKNOWN_COMMAND', 'X'.repeat(5_000)).text).toHaveLength(5_000 + 16)
  const { text } = refuse('INVALID_AT', 'x'.repeat(10_000_000))
  expect(text.length).toBeLessThan(4 * LIMITS.echoLength)
})

test('a refusal can be told from any other value', () => {
  expect(isRefusal(refuse('INTERNAL'))).toBe(true)
  for (const other of [undefined, null, 0, '', {}, { code: 'INTERNAL', text: 'internal error' }]) {
    expect(isRefusal(other)).toBe(false)
  }
})
