const JITTER_S = 30

/**
 * When a failed job runs again.
 * @param retryCount failures before this one
 * @param random uniform in [0, 1)
 * @returns delay in whole seconds: c⁴ + 15 + r · (c + 1), r a whole number from 0 to 29
 * Source: docs/protocol.md, "Retries"
 */
export function retryDelayS(retryCount: number, random: number): number {
  const jitter = Math.floor(random * JITTER_S)
  return retryCount ** 4 + 15 + jitter * (retryCount + 1)
}
