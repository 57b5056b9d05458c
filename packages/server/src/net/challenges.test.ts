import { createHash } from 'node:crypto'
import { LIMITS } from '@jobmill/protocol'
import { expect, test } from 'vitest'
import { Challenges, type Expected } from './challenges.ts'

const PASSWORD = 'pässwörd'

/** What a client answers: SHA-256 of password and salt, hashed again and again. */
function answer({ salt }: Expected, iterations: number): string {
  let hash = createHash('sha256')
    .update(PASSWORD + salt)
    .digest()
  for (let i = 1; i < iterations; i += 1) hash = createHash('sha256').update(hash).digest()
  return hash.toString('hex')
}

function expectRight(challenge: Expected): void {
  expect(challenge.hash).toBe(answer(challenge, challenge.iterations))
  expect(challenge.onceHash).toBe(answer(challenge, 1))
  expect(challenge.iterations).toBeGreaterThanOrEqual(LIMITS.hashIterationsMin)
  expect(challenge.iterations).toBeLessThanOrEqual(LIMITS.hashIterationsMax)
  expect(challenge.salt).toMatch(/^(0|[1-9a-f][0-9a-f]{0,15})$/)
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('a challenge knows its answer, hashed once and as often as asked', async () => {
  const challenges = new Challenges(PASSWORD)
  expectRight(challenges.next())
  await turns(50)
  for (let i = 0; i < 3; i += 1) expectRight(challenges.next())
})

test('with time between them each connection gets a challenge of its own', async () => {
  const challenges = new Challenges(PASSWORD)
  const salts = new Set<string>()
  for (let i = 0; i < 20; i += 1) {
    salts.add(challenges.next().salt)
    await turns(25)
  }
  expect(salts.size).toBe(20)
})

test('a storm gets used ones again, right all the same, and fresh ones after it', async () => {
  const challenges = new Challenges(PASSWORD)
  const storm = Array.from({ length: 500 }, () => challenges.next())
  const [first] = storm
  if (first === undefined) throw new Error('no challenge')
  expect(new Set(storm.map(({ salt }) => salt)).size).toBeLessThan(10)
  expectRight(first)
  await turns(100)
  const used = new Set(storm.map(({ salt }) => salt))
  expect(used.has(challenges.next().salt)).toBe(false)
})
