import { test } from 'vitest'
import { runExample, runWithoutServer } from './example.ts'
import { PYTHON } from './known.ts'
import { clientScenarios } from './scenarios.ts'
import { describeWith } from './toolchain.ts'

describeWith('python3', PYTHON.name, () => {
  clientScenarios(PYTHON)

  test('its example does its work', async () => {
    await runExample('python', 'python')
  })

  test('its example says what to do when there is no server', async () => {
    await runWithoutServer('python')
  })
})
