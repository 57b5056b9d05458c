import net from 'node:net'
import type { Random } from '../support/random.ts'

/**
 * A port that no client gets as its own while the server is down: below the range that the system
 * gives to outgoing connections, which could otherwise meet themselves there.
 */
export async function freePort(random: Random): Promise<number> {
  for (;;) {
    const port = random.integer(20_000, 32_000)
    const free = await new Promise<boolean>((resolve) => {
      const probe = net.createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}
