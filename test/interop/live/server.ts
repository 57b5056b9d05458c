import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FwpConnection } from '../../support/fwp.ts'
import type { RunningServer } from '../../support/server.ts'

type At = Pick<RunningServer, 'port'> & { readonly password?: string }

/** Sends one command on a connection of its own and gives the text of the answer. */
export async function command(server: At, line: string): Promise<string> {
  const connection = await FwpConnection.open(server)
  const reply = await connection.send(line)
  connection.end()
  if (reply.text === undefined) throw new Error(`${line}: ${reply.kind}`)
  return reply.text
}

export interface Info {
  readonly faktory: {
    readonly queues: Readonly<Record<string, number>>
    readonly sets: Readonly<Record<'scheduled' | 'retries' | 'dead' | 'working', number>>
    readonly total_processed: number
    readonly total_failures: number
  }
}

export async function info(server: At): Promise<Info['faktory']> {
  return (JSON.parse(await command(server, 'INFO')) as Info).faktory
}

/** Makes every job of a set due at once. */
export async function requeue(server: At, target: 'retries' | 'scheduled' | 'dead'): Promise<void> {
  await command(server, `MUTATE ${JSON.stringify({ cmd: 'requeue', target, filter: {} })}`)
}

/** Tells a worker by its wid, as the Web UI would, what it gets to hear at its next heartbeat. */
export async function tell(server: At, wid: string, state: 'quiet' | 'terminate'): Promise<string> {
  return command(server, `BEAT ${JSON.stringify({ wid, current_state: state })}`)
}

/** Waits until the server's counts are as asked; throws with the last counts after `ms`. */
export async function untilInfo(
  server: At,
  isSo: (counts: Info['faktory']) => boolean,
  ms = 30_000,
): Promise<void> {
  const end = Date.now() + ms
  for (;;) {
    const counts = await info(server)
    if (isSo(counts)) return
    if (Date.now() > end) throw new Error(`still not so: ${JSON.stringify(counts)}`)
    await sleep(50)
  }
}

/** A port of 127.0.0.1 where nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
