/** Where the time comes from; tests bring their own. */
export interface Clock {
  /** Epoch ms, whole. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
