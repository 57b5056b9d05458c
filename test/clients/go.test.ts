import { test } from 'vitest'
import { runExample, runWithoutServer } from './example.ts'
import { GO } from './known.ts'
import { clientScenarios } from './scenarios.ts'
import { describeWith } from './toolchain.ts'

describeWith('go', GO.name, () => {
  clientScenarios(GO)

  test('its example does its work', async () => {
    await runExample('go', 'go')
  })

  test('its example says what to do when there is no server', async () => {
    await runWithoutServer('go')
  })
})
