import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { beginsProxyHeader, peerName, ProxyReader, type ProxyHeader } from './proxy-protocol.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const NEXT = 'HELLO {"v":2}\r\n'

/** Version 2. @param more what follows the addresses inside the header */
function binary(command: number, family: number, addresses: string, more = ''): Buffer {
  const inside = Buffer.from(addresses + more, 'hex')
  const head = Buffer.alloc(4)
  head.writeUInt8(command, 0)
  head.writeUInt8(family, 1)
  head.writeUInt16BE(inside.length, 2)
  return Buffer.concat([Buffer.from(SIGNATURE, 'hex'), head, inside])
}

/** What a reader says at last, of bytes that come in parts. */
function readAll(parts: readonly Buffer[]): ProxyHeader {
  const reader = new ProxyReader()
  let header: ProxyHeader = { state: 'unfinished' }
  for (const [index, part] of parts.entries()) {
    header = reader.push(part)
    if (header.state === 'whole') {
      const rest = Buffer.concat([header.rest, ...parts.slice(index + 1)])
      return { ...header, rest }
    }
    if (header.state === 'wrong') return header
  }
  return header
}

const byteByByte = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]))

const V4 = 'c0000207' + 'c6336408' + '1267' + '1cfb'
const V6 = '20010db8000000000000000000000007' + '20010db8000000000000000000000008' + '1267' + '1cfb'
const MAPPED = '00000000000000000000ffffc0000207' + '00000000000000000000ffffc6336408' + '12671cfb'

const WHOLE: readonly [string, Buffer | string, string | undefined][] = [
  ['1, IPv4', 'PROXY TCP4 192.0.2.7 198.51.100.8 4711 7419\r\n', '192.0.2.7:4711'],
  ['1, IPv6', 'PROXY TCP6 2001:DB8::0:7 2001:db8::8 4711 7419\r\n', '[2001:db8::7]:4711'],
  ['1, IPv4 in IPv6', 'PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 7419\r\n', '192.0.2.7:4711'],
  ['1, the greatest port', 'PROXY TCP4 1.2.3.4 5.6.7.8 65535 0\r\n', '1.2.3.4:65535'],
  ['1, unknown', 'PROXY UNKNOWN\r\n', undefined],
  ['1, unknown with more', 'PROXY UNKNOWN ff::1 what ever 1 2\r\n', undefined],
  ['1, the longest', `PROXY UNKNOWN ${'f'.repeat(107 - 16)}\r\n`, undefined],
  ['2, IPv4', binary(0x21, 0x11, V4), '192.0.2.7:4711'],
  ['2, IPv4 and extras', binary(0x21, 0x11, V4, '04000400000000'), '192.0.2.7:4711'],
  ['2, IPv6', binary(0x21, 0x21, V6), '[2001:db8::7]:4711'],
  ['2, IPv4 in IPv6', binary(0x21, 0x21, MAPPED), '192.0.2.7:4711'],
  ['2, the front itself', binary(0x20, 0x00, ''), undefined],
  ['2, the front itself, with addresses', binary(0x20, 0x11, V4), undefined],
  ['2, unspecified', binary(0x21, 0x00, 'ffffff'), undefined],
  ['2, a UNIX socket', binary(0x21, 0x31, '2f'.repeat(216)), undefined],
  ['2, a datagram', binary(0x21, 0x12, V4), undefined],
  ['2, the longest', binary(0x21, 0x11, V4, '04'.repeat(4096 - 16 - 12)), '192.0.2.7:4711'],
]

describe('a header of version', () => {
  test.each(WHOLE)('%s', (_, text, source) => {
    const header = Buffer.from(text as string, 'latin1')
    for (const after of ['', NEXT]) {
      const bytes = Buffer.concat([header, Buffer.from(after)])
      const expected = { state: 'whole', source, rest: Buffer.from(after) }
      expect(readAll([bytes])).toEqual(expected)
      expect(readAll(byteByByte(bytes))).toEqual(expected)
    }
    expect(beginsProxyHeader(header)).toBe(true)
    for (let length = 0; length < header.length; length += 1) {
      expect(readAll([header.subarray(0, length)])).toEqual({ state: 'unfinished' })
    }
  })
})

const ADDRESSES = 'version 1 with addresses that are none'
const WRONG: readonly [string, Buffer | string, string][] = [
  ['FWP', NEXT, 'no header'],
  ['TLS', Buffer.from('16030100', 'hex'), 'no header'],
  ['nearly version 1', 'PROXX TCP4', 'no header'],
  ['nearly version 2', Buffer.from('0d0a0d0a000d0a515549540b', 'hex'), 'no header'],
  ['no line end', `PROXY UNKNOWN ${'f'.repeat(120)}`, 'version 1 without a line end'],
  ['one byte too long', `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`, 'version 1 without a line end'],
  ['LF alone', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n', ADDRESSES],
  ['a CR inside', 'PROXY UNKNOWN\r \r\n', ADDRESSES],
  ['no family', 'PROXY \r\n', ADDRESSES],
  ['an unknown family', 'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n', ADDRESSES],
  ['no addresses', 'PROXY TCP4\r\n', ADDRESSES],
  ['a name', 'PROXY TCP4 front 5.6.7.8 1 2\r\n', ADDRESSES],
  ['IPv6 as IPv4', 'PROXY TCP4 ::1 ::1 1 2\r\n', ADDRESSES],
  ['IPv4 as IPv6', 'PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n', ADDRESSES],
  ['a zone', 'PROXY TCP6 fe80::1%lo fe80::1 1 2\r\n', ADDRESSES],
  ['too great a port', 'PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n', ADDRESSES],
  ['a port with a zero ahead', 'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n', ADDRESSES],
  ['a negative port', 'PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n', ADDRESSES],
  ['two blanks', 'PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n', ADDRESSES],
  ['more at the end', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n', ADDRESSES],
  ['version 3', binary(0x31, 0x11, V4), 'neither LOCAL nor PROXY of version 2'],
  ['an unknown command', binary(0x22, 0x11, V4), 'neither LOCAL nor PROXY of version 2'],
  ['addresses cut short', binary(0x21, 0x11, V4.slice(2)), 'version 2 without its addresses'],
  ['IPv6 cut short', binary(0x21, 0x21, V4), 'version 2 without its addresses'],
  [
    'too long',
    binary(0x21, 0x11, V4, '04'.repeat(4097 - 16 - 12)),
    'version 2 of 4097 bytes, 4096 are allowed',
  ],
]

describe('wrong is', () => {
  test.each(WRONG)('%s', (_, text, why) => {
    const bytes = Buffer.from(text as string, 'latin1')
    expect(readAll([bytes])).toEqual({ state: 'wrong', why })
    expect(readAll(byteByByte(bytes))).toEqual({ state: 'wrong', why })
  })
})

describe('whatever is sent', () => {
  const LONGEST = 4096

  test('any addresses of any front are told as they are', () => {
    const byte = fc.nat(255)
    const address = fc.oneof(fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(
        address,
        fc.nat(65_535),
        fc.array(byte, { maxLength: 40 }),
        (from, port, rest) => {
          const family = from.includes(':') ? 'TCP6' : 'TCP4'
          const bytes = Buffer.concat([
            Buffer.from(`PROXY ${family} ${from} ${from} ${port} 7419\r\n`),
            Buffer.from(rest),
          ])
          const expected = { state: 'whole', source: peerName(from, port), rest: Buffer.from(rest) }
          expect(readAll([bytes])).toEqual(expected)
        },
      ),
    )
  })

  test('it makes no difference how the bytes are cut, and little is held', () => {
    const header = fc.constantFrom(...[...WHOLE, ...WRONG].map(([, text]) => text))
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) })
    fc.assert(
      fc.property(
        header,
        fc.array(change, { maxLength: 2 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (text, changes, sizes) => {
          const bytes = Buffer.concat([Buffer.from(text as string, 'latin1'), Buffer.from(NEXT)])
          for (const { at, to } of changes) bytes.writeUInt8(to, at % bytes.length)
          const parts: Buffer[] = []
          for (let start = 0; start < bytes.length;) {
            const size = sizes[parts.length % sizes.length] ?? 1
            parts.push(bytes.subarray(start, start + size))
            start += size
          }
          const whole = readAll([bytes])
          expect(readAll(parts)).toEqual(whole)
          if (bytes.length > LONGEST) expect(whole.state).not.toBe('unfinished')
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('random bytes behind each beginning end well', () => {
    const start = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n\x21\x11')
    fc.assert(
      fc.property(start, fc.array(fc.nat(255), { maxLength: 300 }), (begin, bytes) => {
        const all = Buffer.concat([Buffer.from(begin, 'latin1'), Buffer.from(bytes)])
        const header = readAll([all])
        if (header.state === 'whole')
          expect(all.subarray(-header.rest.length || all.length)).toEqual(header.rest)
        else expect(['unfinished', 'wrong']).toContain(header.state)
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['192.0.2.7', '192.0.2.7:80'],
  ['::ffff:192.0.2.7', '192.0.2.7:80'],
  ['::1', '[::1]:80'],
  ['fe80::1%eth0', '[fe80::1%eth0]:80'],
  ['', '?:80'],
])('the log shows %s as %s', (address, shown) => {
  expect(peerName(address, 80)).toBe(shown)
})
