import { beforeAll, test } from 'vitest'
import { driverCommand, type Client } from './driver.ts'
import { jobScenarios } from './jobs.ts'
import { lifeScenarios } from './life.ts'
import { stageOf, type Scenario } from './stage.ts'

/** What every client has to be able to do with Jobmill. Call it inside a concurrent `describe`. */
export function clientScenarios(client: Client): void {
  let command: readonly string[] = []
  // The first time this fetches the client from its registry and compiles it.
  beforeAll(async () => {
    command = await driverCommand(client)
  }, 600_000)

  const scenario: Scenario = (title, body) => {
    test(title, async (context) => body(stageOf(context, client, command)))
  }
  jobScenarios(client, scenario)
  lifeScenarios(client, scenario)
}
