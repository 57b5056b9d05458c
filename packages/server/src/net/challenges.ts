import { hash, randomBytes, randomInt } from 'node:crypto'
import { LIMITS, passwordHash, type Challenge, type Sha256 } from '@jobmill/protocol'

const sha256: Sha256 = (data) => hash('sha256', data, 'buffer')

/** A greeting's challenge with the answers that are right. */
export interface Expected extends Challenge {
  /** By a client of version 2; older ones hash once. */
  readonly hash: string
  readonly onceHash: string
}

/** So many challenges are ready for a storm of connections. */
const READY = 64
/** Rounds of hashing in one turn of the event loop: about half a millisecond. */
const ROUNDS = 250

/**
 * Salt, rounds and hash are all the server's choice, so they are made up beforehand, a piece a turn:
 * a handshake then costs a comparison, not thousands of hashes (docs/protocol.md T39). Under a storm that
 * uses up all that are ready, the used ones are given out again, the oldest first; each is replaced
 * as soon as there is time.
 */
export class Challenges {
  readonly #password: string
  readonly #fresh: Expected[] = []
  readonly #used: Expected[] = []
  #making = false

  constructor(password: string) {
    this.#password = password
    this.#fresh.push(finished(this.#begin()))
    this.#make()
  }

  next(): Expected {
    const challenge = this.#fresh.shift() ?? this.#used.shift() ?? finished(this.#begin())
    this.#used.push(challenge)
    if (this.#used.length > READY) this.#used.shift()
    this.#make()
    return challenge
  }

  #make(): void {
    if (this.#making || this.#fresh.length >= READY) return
    this.#making = true
    const draft = this.#begin()
    const go = (): void => {
      advance(draft, ROUNDS)
      if (draft.left > 0) {
        setImmediate(go).unref()
        return
      }
      this.#fresh.push(finished(draft))
      this.#making = false
      this.#make()
    }
    setImmediate(go).unref()
  }

  #begin(): Draft {
    const iterations = randomInt(LIMITS.hashIterationsMin, LIMITS.hashIterationsMax + 1)
    const salt = randomBytes(8)
      .toString('hex')
      .replace(/^0+(?=.)/, '')
    const bytes = sha256(this.#password + salt)
    const onceHash = passwordHash(sha256, this.#password, salt, 1)
    return { iterations, salt, onceHash, bytes, left: iterations - 1 }
  }
}

interface Draft extends Challenge {
  readonly onceHash: string
  bytes: Uint8Array
  /** Rounds to go. */
  left: number
}

function advance(draft: Draft, rounds: number): void {
  const now = Math.min(rounds, draft.left)
  for (let i = 0; i < now; i += 1) draft.bytes = sha256(draft.bytes)
  draft.left -= now
}

function finished(draft: Draft): Expected {
  advance(draft, draft.left)
  const { iterations, salt, onceHash, bytes } = draft
  return { iterations, salt, onceHash, hash: Buffer.from(bytes).toString('hex') }
}
