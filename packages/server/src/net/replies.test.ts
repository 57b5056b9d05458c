import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Replies } from './replies.ts'

/** Replies whose writes are kept. */
function setup() {
  const writes: string[] = []
  let written = 0
  const replies = new Replies(
    (text) => writes.push(text),
    () => (written += 1),
  )
  return { replies, writes, written: () => written }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('replies leave in the order of their commands, whichever is known first', async () => {
  const order = fc
    .nat(40)
    .chain((n) => fc.shuffledSubarray([...new Array(n + 1).keys()], { minLength: n + 1 }))
  await fc.assert(
    fc.asyncProperty(order, fc.array(fc.boolean()), async (known, turns) => {
      const { replies, writes } = setup()
      const fill = known.map(() => replies.take(1))
      for (const [i, command] of known.entries()) {
        fill[command]?.(`${command} `)
        if (turns[i] === true) await turn()
        // Nothing leaves before all that is due before it.
        const sent = writes.join('').split(' ').slice(0, -1)
        expect(sent).toEqual(sent.map((_, place) => String(place)))
      }
      await turn()
      expect(writes.join('')).toBe(fill.map((_, place) => `${place} `).join(''))
      expect(replies.waiting).toBe(0)
    }),
  )
})

test('what is known within one turn leaves in one write', async () => {
  const { replies, writes, written } = setup()
  for (const text of ['a', 'b', 'c']) replies.take(1)(text)
  expect(writes).toEqual([])
  await turn()
  expect(writes).toEqual(['abc'])
  expect(written()).toBe(1)
  await turn()
  expect(written()).toBe(1)
})

test('a flush writes at once what can leave, and nothing twice', async () => {
  const { replies, writes } = setup()
  const first = replies.take(1)
  replies.take(1)('b')
  replies.flush()
  expect(writes).toEqual([])
  first('a')
  replies.flush()
  expect(writes).toEqual(['ab'])
  await turn()
  expect(writes).toEqual(['ab'])
})

test('more than 4 MiB of commands in hand are enough, until the first of them is answered', () => {
  const { replies } = setup()
  const half = 2 * 1024 * 1024
  const fill = [replies.take(half), replies.take(half)]
  expect(replies.full).toBe(false)
  fill.push(replies.take(1))
  expect(replies.full).toBe(true)
  // Its reply waits behind the first one's: still in hand.
  fill[1]?.('b')
  expect(replies.full).toBe(true)
  fill[0]?.('a')
  expect(replies.full).toBe(false)
})

test('ten thousand commands in hand are enough, however short', () => {
  const { replies } = setup()
  const fill = Array.from({ length: 9_999 }, () => replies.take(0))
  expect(replies.full).toBe(false)
  fill.push(replies.take(0))
  expect(replies.full).toBe(true)
  fill[0]?.('a')
  expect(replies.full).toBe(false)
})

test('a peer that always has a command in hand gets all replies, in order', async () => {
  const { replies, writes } = setup()
  let next = replies.take(1)
  for (let i = 0; i < 5_000; i += 1) {
    const later = replies.take(1)
    next(`${i} `)
    next = later
  }
  await turn()
  expect(writes.join('').split(' ').slice(0, -1)).toEqual(
    Array.from({ length: 5_000 }, (_, i) => String(i)),
  )
  expect(replies.waiting).toBe(1)
})

test('what is not written yet is held: known replies, and those that wait behind a slow one', async () => {
  const { replies } = setup()
  const slow = replies.take(1)
  replies.take(1)('behind')
  expect(replies.heldLength).toBe(6)
  slow('slow')
  expect(replies.heldLength).toBe(10)
  await turn()
  expect(replies.heldLength).toBe(0)
})
