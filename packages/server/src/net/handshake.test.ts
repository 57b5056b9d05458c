import { parseHello, type Hello } from '@jobmill/protocol'
import { expect, test } from 'vitest'
import { foreignProtocol, knowsPassword } from './handshake.ts'

// The vectors of the protocol: password foobar, salt 55104dc76695721d, 1545 rounds, or one.
const CHALLENGE = {
  iterations: 1545,
  salt: '55104dc76695721d',
  hash: '6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30',
  onceHash: 'bda5ef54df4404655456165c27f46764614a296cdafcaffc747b7ab7cc1ea313',
}

function helloOf(members: object): Hello {
  const hello = parseHello(`HELLO ${JSON.stringify(members)}`)
  if (hello === undefined) throw new Error('no HELLO')
  return hello
}

test.each([
  ['all rounds', { v: 2, pwdhash: CHALLENGE.hash }, true],
  ['a newer version', { v: 3, pwdhash: CHALLENGE.hash }, true],
  ['one round of version 1', { v: 1, pwdhash: CHALLENGE.onceHash }, true],
  ['one round of no version', { pwdhash: CHALLENGE.onceHash }, true],
  ['one round of version 2', { v: 2, pwdhash: CHALLENGE.onceHash }, false],
  ['all rounds of version 1', { v: 1, pwdhash: CHALLENGE.hash }, false],
  ['upper case', { v: 2, pwdhash: CHALLENGE.hash.toUpperCase() }, false],
  ['half of it', { v: 2, pwdhash: CHALLENGE.hash.slice(0, 32) }, false],
  ['as many characters, more bytes', { v: 2, pwdhash: 'ä'.repeat(64) }, false],
  ['nothing', { v: 2 }, false],
])('%s: %j knows the password: %s', (_, members, knows) => {
  expect(knowsPassword(helloOf(members), CHALLENGE)).toBe(knows)
})

test.each([
  [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]), 'TLS'],
  [Buffer.from('GET / HTTP/1.1\r\n'), 'HTTP'],
  [Buffer.from('OPTIONS * HTTP/1.1\r\n'), 'HTTP'],
  [Buffer.from('HELLO {"v":2}\r\n'), undefined],
  [Buffer.from('GETTING'), undefined],
  [Buffer.from([0x16]), undefined],
  [Buffer.alloc(0), undefined],
])('%s speaks %s', (chunk, protocol) => {
  expect(foreignProtocol(chunk)).toBe(protocol)
})
