import { beforeAll, test } from 'vitest'
import { describeWith, isInstalled } from '../../support/toolchain.ts'
import { driverCommand } from './driver.ts'
import { runExample, runWithoutServer } from './example.ts'
import { LIVE } from './known.ts'
import { clientScenarios } from './scenarios.ts'

// One file, side by side: nearly all of the time is waiting for heartbeats and for empty queues.
const side = { concurrent: true }

// All are fetched and compiled before the first test, whose heartbeats would come late beside a
// compiler. What fails here fails again, and is told, where it is needed.
beforeAll(async () => {
  for (const client of LIVE.filter(({ toolchain }) => isInstalled(toolchain))) {
    await driverCommand(client).catch(() => undefined)
  }
}, 900_000)

for (const client of LIVE) {
  describeWith(client.toolchain, client.name, () => clientScenarios(client), side)
}

for (const [kit, toolchain] of [
  ['node', 'node'],
  ['go', 'go'],
  ['python', 'python3'],
] as const) {
  const tests = (): void => {
    test('does its work', async () => {
      await runExample(kit, kit)
    })

    test('says what to do when there is no server', async () => {
      await runWithoutServer(kit)
    })
  }
  describeWith(toolchain, `the example in ${kit}`, tests, side)
}

const fromPython = (): void => {
  test('jobs pushed from Python are worked on in Node', async () => {
    await runExample('python', 'node')
  })
}
describeWith('python3', 'the examples together', fromPython, side)

const toGo = (): void => {
  test('jobs pushed from Node are worked on in Go', async () => {
    await runExample('node', 'go')
  })
}
describeWith('go', 'the examples together', toGo, side)
