import { test } from 'vitest'
import { runExample, runWithoutServer } from './example.ts'
import { NODE } from './known.ts'
import { clientScenarios } from './scenarios.ts'
import { describeWith } from './toolchain.ts'

describeWith('node', NODE.name, () => {
  clientScenarios(NODE)

  test('its example does its work', async () => {
    await runExample('node', 'node')
  })

  test('its example says what to do when there is no server', async () => {
    await runWithoutServer('node')
  })
})
