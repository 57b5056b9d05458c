import { createHash, randomBytes, randomInt } from 'node:crypto'
import { LIMITS, passwordHash, type Challenge, type Sha256 } from '@jobmill/protocol'

const sha256: Sha256 = (data) => createHash('sha256').update(data).digest()

/** A greeting's challenge with the answers that are right. */
export interface Expected extends Challenge {
  /** By a client of version 2; older ones hash once. */
  readonly hash: string
  readonly onceHash: string
}

/** So many challenges are ready for a storm of connections. */
const READY = 256

/**
 * Salt, iterations and hash are all the server's choice, so they are made up beforehand, one a turn:
 * a handshake then costs a comparison, not thousands of hashes (clients.md T39). Under a storm that
 * uses up the store, salts are given out again; each was random, and no connection sees another's.
 */
export class Challenges {
  readonly #password: string
  readonly #ready: Expected[] = []
  #next = 0

  constructor(password: string) {
    this.#password = password
    this.#ready.push(this.#make())
    this.#fill()
  }

  next(): Expected {
    const at = this.#next % this.#ready.length
    const challenge = this.#ready[at] ?? this.#make()
    this.#next += 1
    // Replaced soon, so that a salt is used twice only under a storm.
    setImmediate(() => {
      this.#ready[at] = this.#make()
    }).unref()
    return challenge
  }

  #fill(): void {
    if (this.#ready.length >= READY) return
    setImmediate(() => {
      this.#ready.push(this.#make())
      this.#fill()
    }).unref()
  }

  #make(): Expected {
    const iterations = randomInt(LIMITS.hashIterationsMin, LIMITS.hashIterationsMax + 1)
    const salt = randomBytes(8)
      .toString('hex')
      .replace(/^0+(?=.)/, '')
    return {
      iterations,
      salt,
      hash: passwordHash(sha256, this.#password, salt, iterations),
      onceHash: passwordHash(sha256, this.#password, salt, 1),
    }
  }
}
