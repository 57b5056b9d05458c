// `npm test`: set up, the gate, then every test. Ends with `N passed, N failed`.
import { readFileSync } from 'node:fs'
import { installPrograms } from './debian.mjs'
import { root, run, setUp } from './setup.mjs'

setUp()
installPrograms()
const gate = run('node', ['scripts/check.mjs'])
const report = `${root}node_modules/.cache/jobmill/tests.json`
const status = run('node', [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])

let [passed, failed] = [0, 0]
let left = []
try {
  const results = JSON.parse(readFileSync(report, 'utf8'))
  passed = results.numPassedTests
  failed = results.numFailedTests
  left = results.testResults
    .flatMap((file) => file.assertionResults)
    .filter((one) => one.status === 'pending' || one.status === 'skipped')
    .map((one) => one.title)
} catch (error) {
  console.error(`the tests left no report: ${error.message}`)
}
// A file that cannot be loaded fails without a test of its own; so does the gate.
if (status !== 0 && failed === 0) failed = 1
if (gate === 0) passed += 1
else failed += 1
for (const title of left) console.log(`NOT TESTED: ${title}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
