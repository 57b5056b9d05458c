import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineReader } from './lines.ts'

const MIB = 1024 * 1024

function setup(limitBytes = 1024): LineReader<Buffer> {
  return new LineReader({ limitBytes, concat: (parts) => Buffer.concat(parts) })
}

function linesOf(chunks: readonly Uint8Array[], limitBytes?: number): string[] {
  const reader = setup(limitBytes)
  const lines: string[] = []
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk))
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line)
  }
  return lines
}

/** Cuts bytes at these places, wherever in a character they fall. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length]
  cuts.sort((a, b) => a - b)
  return cuts.slice(1).map((to, i) => bytes.subarray(cuts[i], to))
}

const STREAMS: readonly [claim: string, stream: string | Buffer, lines: string[]][] = [
  ['nothing', '', []],
  ['half a line is none', 'INFO', []],
  ['LF ends a line', 'INFO\n', ['INFO']],
  ['CR LF ends a line', 'INFO\r\n', ['INFO']],
  ['both may be mixed', 'INFO\nFLUSH\r\nEND\n', ['INFO', 'FLUSH', 'END']],
  ['CR alone does not end a line', 'INFO\rEND\r\n', ['INFO\rEND']],
  ['one CR before the LF is dropped', 'INFO\r\r\n', ['INFO\r']],
  ['a blank line is a line', 'FLUSH\n\r\n', ['FLUSH', '']],
  ['LF LF is a blank line', '\n\n', ['', '']],
  ['a rest is kept back', 'INFO\r\nIN', ['INFO']],
  ['characters of several bytes', 'PUSH é漢😀\r\n', ['PUSH é漢😀']],
  ['NUL and other control characters', 'a\0b\tc\x7f\n', ['a\0b\tc\x7f']],
  [
    'bytes that are no UTF-8 become U+FFFD',
    Buffer.from([0x61, 0xff, 0x62, 0xe2, 0x82, 0x0a]),
    ['a\ufffdb\ufffd'],
  ],
]

describe('lines are the same however they arrive', () => {
  test.each(STREAMS)('%s', (_claim, stream, lines) => {
    const bytes = Buffer.from(stream)
    expect(linesOf([bytes])).toEqual(lines)
    expect(linesOf([...bytes].map((byte) => Buffer.from([byte])))).toEqual(lines)
    fc.assert(
      fc.property(fc.array(fc.nat()), (places) => {
        expect(linesOf(cutAt(bytes, places))).toEqual(lines)
      }),
    )
  })

  test('any bytes, cut anywhere', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x0a, 0x0d, 0xe2, 0x82, 0xac))
    fc.assert(
      fc.property(fc.array(byte), fc.array(fc.nat()), (bytes, places) => {
        const stream = Buffer.from(bytes)
        expect(linesOf(cutAt(stream, places))).toEqual(linesOf([stream]))
      }),
    )
  })

  test('chunks that are pushed before the lines of the last are read', () => {
    const reader = setup()
    for (const text of ['IN', 'FO\nEN', 'D\n', '\nrest']) reader.push(Buffer.from(text))
    expect([reader.next(), reader.next(), reader.next(), reader.next()]).toEqual([
      'INFO',
      'END',
      '',
      undefined,
    ])
    expect(reader.pendingBytes).toBe(4)
  })
})

describe('the limit', () => {
  test('a line of just the limit passes', () => {
    expect(linesOf([Buffer.from(`${'x'.repeat(10)}\n`)], 10)).toEqual(['x'.repeat(10)])
  })

  test('a whole line past it is too long, and nothing more is read', () => {
    const reader = setup(10)
    reader.push(Buffer.from(`ok\n${'x'.repeat(11)}\nINFO\n`))
    expect(reader.next()).toBe('ok')
    expect(reader.tooLong).toBe(false)
    expect(reader.next()).toBeUndefined()
    expect(reader.tooLong).toBe(true)
    expect(reader.next()).toBeUndefined()
    reader.push(Buffer.from('INFO\n'))
    expect(reader.next()).toBeUndefined()
    expect(reader.pendingBytes).toBe(0)
  })

  test('an unfinished line past it is too long before its end', () => {
    const reader = setup(10)
    for (const part of ['xxxxx', 'xxxxx']) {
      reader.push(Buffer.from(part))
      expect(reader.next()).toBeUndefined()
      expect(reader.tooLong).toBe(false)
    }
    reader.push(Buffer.from('x'))
    expect(reader.next()).toBeUndefined()
    expect(reader.tooLong).toBe(true)
  })

  test('it may grow after the first line', () => {
    const reader = setup(5)
    reader.push(Buffer.from(`HELLO\n${'x'.repeat(20)}\n`))
    expect(reader.next()).toBe('HELLO')
    reader.limitBytes = 20
    expect(reader.next()).toBe('x'.repeat(20))
  })
})

describe('what is held', () => {
  test('pendingBytes are those of the unfinished line', () => {
    const reader = setup()
    const seen = ['INFO\nab', 'c', '', '\r', '\n', 'x'].map((text) => {
      reader.push(Buffer.from(text))
      while (reader.next() !== undefined);
      return reader.pendingBytes
    })
    expect(seen).toEqual([2, 3, 3, 4, 0, 1])
  })

  test('heldBytes count what is not read yet, too', () => {
    const reader = setup()
    reader.push(Buffer.from('INFO\nINFO\nab'))
    const seen = [reader.heldBytes]
    while (reader.next() !== undefined) seen.push(reader.heldBytes)
    reader.push(Buffer.from('cd'))
    seen.push(reader.heldBytes)
    expect(seen).toEqual([12, 7, 2, 4])
  })

  test('a small rest does not keep a large chunk', () => {
    const held: number[] = []
    const reader = new LineReader<Buffer>({
      limitBytes: MIB,
      concat: (parts) => {
        held.push(parts.length)
        return Buffer.concat(parts)
      },
    })
    reader.push(Buffer.from(`${'x'.repeat(60_000)}\nab`))
    while (reader.next() !== undefined);
    expect(held).toEqual([1])
  })

  test('clear lets go of it', () => {
    const reader = setup()
    reader.push(Buffer.from('ab'))
    reader.next()
    reader.clear()
    expect(reader.pendingBytes).toBe(0)
    reader.push(Buffer.from('c\n'))
    expect(reader.next()).toBe('c')
  })

  test('a line of a megabyte may come byte by byte', () => {
    const joined: number[] = []
    const reader = new LineReader<Buffer>({
      limitBytes: MIB,
      concat: (parts) => {
        joined.push(parts.length)
        return Buffer.concat(parts)
      },
    })
    const byte = Buffer.from('x')
    for (let i = 0; i < MIB; i += 1) {
      reader.push(byte)
      reader.next()
    }
    reader.push(Buffer.from('\n'))
    expect(reader.next()).toHaveLength(MIB)
    expect(Math.max(...joined)).toBeLessThanOrEqual(MIB / 256 + 256)
  })

  test('a line of 32 MiB in pieces of 64 KiB takes linear time', () => {
    const piece = Buffer.alloc(64 * 1024, 'x')
    const reader = setup(32 * MIB)
    const started = performance.now()
    for (let i = 0; i < 512; i += 1) {
      reader.push(piece)
      expect(reader.next()).toBeUndefined()
    }
    reader.push(Buffer.from('\n'))
    expect(reader.next()).toHaveLength(32 * MIB)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
