import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectedIterations, parseHello, passwordHash } from './handshake.ts'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()

const NOTHING = {
  v: 0,
  wid: '',
  hostname: '',
  pid: 0,
  labels: [],
  username: '',
  pwdhash: '',
  rssKb: 0,
}

describe('the password hash is that of every client', () => {
  test.each([
    [
      'foobar',
      '55104dc76695721d',
      1545,
      '6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30',
    ],
    [
      'foobar',
      '55104dc76695721d',
      1,
      'bda5ef54df4404655456165c27f46764614a296cdafcaffc747b7ab7cc1ea313',
    ],
    [
      'foobar',
      '55104dc76695721d',
      2,
      '09bb96f54eb7ee6280cf9d4be0ed82fc02e6b8da285b6a01d9dd7a976925c6dc',
    ],
    [
      '123456',
      '1a2b3c4d5e6f7080',
      4000,
      '2e328ffd3cfde2f3d48e75e440dbe172438d0cb501366fb37a7f12b6c2fb051b',
    ],
    [
      '123456',
      '1a2b3c4d5e6f7080',
      8095,
      'ae39e6aa7ce308aef610269a2d6adf35cd61388aa6c874b0b129caec21aa8cd7',
    ],
    [
      'pässwörd',
      '7fffffffffffffff',
      5545,
      '587e909b218ef2098114c817cfe06fbbaa5078cdca0940dee62245fde9ed11bd',
    ],
  ])('%s %s %d', (password, salt, iterations, hash) => {
    expect(passwordHash(sha256, password, salt, iterations)).toBe(hash)
  })

  test('no iterations are one', () => {
    const once = passwordHash(sha256, 'foobar', '55104dc76695721d', 1)
    expect(passwordHash(sha256, 'foobar', '55104dc76695721d', 0)).toBe(once)
    expect(passwordHash(sha256, 'foobar', '55104dc76695721d', -5)).toBe(once)
  })
})

test('a client of a version before 2 hashes once', () => {
  expect([0, 1, 2, 3, 255].map((v) => expectedIterations({ v }, 4010))).toEqual([
    1, 1, 4010, 4010, 4010,
  ])
})

describe('a HELLO is accepted', () => {
  test.each([
    ['HELLO {}', {}],
    ['HELLO {"v":2}', { v: 2 }],
    ['HELLO {"v":255}', { v: 255 }],
    ['HELLO {"v":2} ', { v: 2 }],
    ['HELLO { "v" : 2 }', { v: 2 }],
    ['HELLO {"v":null,"wid":null,"labels":null,"pid":null,"pwdhash":null,"username":null}', {}],
    ['HELLO {"wid":"","username":"","pwdhash":"","hostname":"","pid":0,"v":0,"rss_kb":0}', {}],
    ['HELLO {"color":"blue","nested":{"a":[1]}}', {}],
    ['HELLO {"__proto__":{"wid":"x"},"constructor":1,"toString":2}', {}],
    ['HELLO {"hostName":"h","Wid":"w","PID":7}', { hostname: 'h', wid: 'w', pid: 7 }],
    ['HELLO {"WID":"other","wid":"exact"}', { wid: 'exact' }],
    ['HELLO {"wid":"a","wid":"b"}', { wid: 'b' }],
    ['HELLO {"wid":"\\ud800x"}', { wid: '\ufffdx' }],
    ['HELLO {"labels":["a",null,"b"]}', { labels: ['a', '', 'b'] }],
    [
      'HELLO {"v":2,"wid":"w","hostname":"h","pid":42,"labels":["ruby"],"username":"u","pwdhash":"p","rss_kb":9}',
      {
        v: 2,
        wid: 'w',
        hostname: 'h',
        pid: 42,
        labels: ['ruby'],
        username: 'u',
        pwdhash: 'p',
        rssKb: 9,
      },
    ],
  ])('%s', (line, members) => expect(parseHello(line)).toEqual({ ...NOTHING, ...members }))
})

describe('what is no HELLO closes', () => {
  test.each([
    '',
    'xyzzy',
    'INFO',
    'HELLO',
    'HELLO ',
    'HELLO  {"v":2}',
    'HELLO\t{"v":2}',
    ' HELLO {"v":2}',
    'hello {"v":2}',
    'HELLO {"v":2',
    'HELLO {"v":2} x',
    'HELLO {"v":256}',
    'HELLO {"v":-1}',
    'HELLO {"v":"2"}',
    'HELLO {"v":1.5}',
    'HELLO {"pid":"42"}',
    'HELLO {"labels":"x"}',
    'HELLO {"labels":[1]}',
    'HELLO {"wid":5}',
    'HELLO {"wid":"a\\u0000b"}',
    'HELLO {"rss_kb":"1"}',
    'HELLO {"username":1}',
    'HELLO {"pwdhash":{}}',
  ])('%j', (line) => expect(parseHello(line)).toBeUndefined())
})

test('any line is taken without a throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.json(), (text, json) => {
      for (const line of [text, `HELLO {${text}`, `HELLO ${json}`]) parseHello(line)
    }),
  )
})
