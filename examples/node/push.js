// Pushes a DigestFile job for each file of a folder, then one PublishReport job.
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { connect } from './server.js'

const folder = resolve(process.argv[2] ?? '.')
const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
  console.error(`Cannot read the folder: ${error.message}`)
  process.exit(1)
})
const files = entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name))
if (files.length === 0) {
  console.error(`There are no files in ${folder}`)
  process.exit(1)
}

const client = await connect()
// The jobs of one run share a folder, so that their results outlive the worker.
const run = await mkdtemp(join(tmpdir(), 'jobmill-example-'))

for (const [index, file] of files.sort().entries()) {
  const job = client.job('DigestFile', file, join(run, `${index}.json`))
  job.queue = 'example'
  await job.push()
}
const report = client.job('PublishReport', run, files.length)
report.queue = 'example'
await report.push()
await client.close()

console.log(`Pushed ${files.length} DigestFile jobs and one PublishReport job for ${folder}`)
