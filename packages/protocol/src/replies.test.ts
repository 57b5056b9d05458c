import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refuse } from './errors.ts'
import { bulk, errorReply, greeting, NIL, OK } from './replies.ts'

test('the fixed replies are what clients compare with', () => {
  expect(OK).toBe('+OK\r\n')
  expect(NIL).toBe('$-1\r\n')
})

test('the greeting has no blank and no other key', () => {
  expect(greeting()).toBe('+HI {"v":2}\r\n')
  expect(greeting({ iterations: 4010, salt: '280839941c7f3b30' })).toBe(
    '+HI {"v":2,"i":4010,"s":"280839941c7f3b30"}\r\n',
  )
})

test('a bulk string counts bytes, not characters', () => {
  expect(bulk('{}')).toBe('$2\r\n{}\r\n')
  expect(bulk('{"state":"quiet"}')).toBe('$17\r\n{"state":"quiet"}\r\n')
  expect(bulk('é漢😀')).toBe('$9\r\né漢😀\r\n')
})

test('a bulk string is as long in UTF-8 as it says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = Buffer.from(bulk(text), 'utf8')
      const head = /^\$(\d+)\r\n/.exec(bytes.toString('latin1'))
      expect(bytes.length).toBe((head?.[0].length ?? 0) + Number(head?.[1]) + 2)
    }),
  )
})

test('an error is one line', () => {
  expect(errorReply(refuse('UNKNOWN_COMMAND', 'NOPE'))).toBe('-ERR unknown command NOPE\r\n')
  expect(errorReply(refuse('INVALID_AT', 'a\r\nb'))).toMatch(/^-ERR [^\r\n]+\r\n$/)
  expect(errorReply({ code: 'INTERNAL', text: 'a\nb\rc' })).toBe('-ERR a b c\r\n')
})
