import { test } from 'vitest'
import { runExample } from './example.ts'
import { describeWith } from './toolchain.ts'

describeWith('python3', 'the examples together', () => {
  test('jobs pushed from Python are worked on in Node', async () => {
    await runExample('python', 'node')
  })
})

describeWith('go', 'the examples together', () => {
  test('jobs pushed from Node are worked on in Go', async () => {
    await runExample('node', 'go')
  })
})
