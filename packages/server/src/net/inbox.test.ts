import { LIMITS } from '@jobmill/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Inbox } from './inbox.ts'

const FULL_BYTES = 256 * 1024

/** All lines that can be had now. */
function take(inbox: Inbox): string[] {
  const lines: string[] = []
  for (let line = inbox.next(); line !== undefined; line = inbox.next()) lines.push(line)
  return lines
}

test('lines come out whole and in order, however their bytes arrive and are asked for', () => {
  const line = fc.string({ maxLength: 30, unit: 'grapheme' }).map((s) => s.replace(/[\r\n]/g, ''))
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 20 }), look: fc.boolean() })),
      (lines, pieces) => {
        const inbox = new Inbox()
        const got: string[] = []
        let rest = Buffer.from(lines.map((each) => `${each}\n`).join(''))
        for (const { bytes, look } of pieces) {
          inbox.push(rest.subarray(0, bytes))
          rest = rest.subarray(bytes)
          if (look) got.push(...take(inbox))
        }
        inbox.push(rest)
        got.push(...take(inbox))
        expect(got).toEqual(lines)
        expect(inbox.heldBytes).toBe(0)
      },
    ),
  )
})

test('every byte that nobody has taken is held, in chunks, in the line, or behind it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 20 }), (sizes) => {
      const inbox = new Inbox()
      let held = 0
      for (const size of sizes) {
        inbox.push(Buffer.alloc(size, 'x'))
        held += size
        if (size % 2 === 0) inbox.next()
        expect(inbox.heldBytes).toBe(held)
      }
      inbox.clear()
      expect(inbox.heldBytes).toBe(0)
      expect(inbox.next()).toBeUndefined()
    }),
  )
})

test('before the HELLO a line may have 256 KiB, and not one byte more', () => {
  for (const more of [0, 1]) {
    const inbox = new Inbox()
    inbox.push(Buffer.alloc(LIMITS.helloBytes + more, 'x'))
    inbox.push(Buffer.from('\n'))
    expect(inbox.next()?.length).toBe(more === 0 ? LIMITS.helloBytes : undefined)
    expect(inbox.tooLong).toBe(more === 1)
  }
})

test('a line that never ends is refused when it passes the limit, and its bytes are let go', () => {
  const inbox = new Inbox()
  inbox.limitBytes = 1000
  inbox.push(Buffer.alloc(1000, 'x'))
  expect(inbox.next()).toBeUndefined()
  expect(inbox.tooLong).toBe(false)
  inbox.push(Buffer.from('x'))
  expect(inbox.next()).toBeUndefined()
  expect(inbox.tooLong).toBe(true)
  inbox.push(Buffer.from('\nINFO\n'))
  expect(inbox.next()).toBeUndefined()
})

test('a limit that is raised counts for the line that is under way', () => {
  const inbox = new Inbox()
  inbox.push(Buffer.from('HELLO\nxxxxxxxxxx'))
  expect(inbox.next()).toBe('HELLO')
  inbox.limitBytes = LIMITS.helloBytes + 100
  inbox.push(Buffer.alloc(LIMITS.helloBytes, 'x'))
  inbox.push(Buffer.from('\n'))
  expect(inbox.next()?.length).toBe(LIMITS.helloBytes + 10)
})

test('it is full when more than 256 KiB wait behind the line that is asked for', () => {
  const inbox = new Inbox()
  inbox.push(Buffer.alloc(FULL_BYTES, 'x'))
  expect(inbox.isFull).toBe(false)
  inbox.push(Buffer.from('\n'))
  expect(inbox.isFull).toBe(true)
  inbox.limitBytes = LIMITS.commandBytes
  expect(inbox.next()?.length).toBe(FULL_BYTES)
  expect(inbox.isFull).toBe(false)
})
