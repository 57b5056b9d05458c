import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'
import { startServer, type RunningServer, type ServerOptions } from '../../support/server.ts'
import { Drivers, jids, type Client } from './driver.ts'

/** What one test works with. All of it is stopped and removed when the test ends. */
export interface Stage {
  readonly drivers: Drivers
  start(options?: ServerOptions): Promise<RunningServer>
  /** Makes a temporary folder. */
  folder(): Promise<string>
}

/** Defines a test with a stage of its own, so that tests can run side by side. */
export type Scenario = (title: string, body: (stage: Stage) => Promise<void>) => void

/** @param command what `driverCommand` gave */
export function stageOf(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  client: Client,
  command: readonly string[],
): Stage {
  const drivers = new Drivers(client, command)
  const servers: RunningServer[] = []
  const folders: string[] = []
  onTestFinished(async () => {
    await drivers.stop()
    await Promise.all(servers.map((server) => server.stop()))
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true })))
  })
  return {
    drivers,
    start: async (options) => {
      const server = await startServer({ ...options, web: false })
      servers.push(server)
      return server
    },
    folder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'jobmill-test-'))
      folders.push(folder)
      return folder
    },
  }
}

/** A jid that every client takes and that sorts by its number. */
export function jid(number: number): string {
  return `scenario-${String(number).padStart(4, '0')}`
}

/** For `Program.until`: the jids of one kind of event, once there are so many. */
export function atLeast(
  count: number,
  kind: 'ran' | 'done',
): (lines: readonly string[]) => readonly string[] | undefined {
  return (lines) => {
    const found = jids(lines, kind)
    return found.length >= count ? found : undefined
  }
}
