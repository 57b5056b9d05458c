import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/**
 * Computes a file's SHA-256 and its size under gzip, and keeps both in a record.
 * @param {string} file
 * @param {string} record the JSON file to write
 */
export async function digestFile(file, record) {
  const hash = createHash('sha256')
  let bytes = 0
  let gzip = 0
  await pipeline(
    createReadStream(file),
    async function* (chunks) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    },
    createGzip(),
    async (chunks) => {
      for await (const chunk of chunks) gzip += chunk.length
    },
  )
  const sha256 = hash.digest('hex')
  // Renamed into place: a job may run twice, and whoever reads the record must find a whole one.
  await writeFile(`${record}.part`, JSON.stringify({ file, bytes, gzip, sha256 }))
  await rename(`${record}.part`, record)
  console.log(`DigestFile ${file}: ${bytes} bytes, gzip ${gzip} bytes, sha256 ${sha256}`)
}

/**
 * Writes what `sha256sum --check` reads. It fails until the report is approved; its first attempt
 * asks for that, so the retry succeeds.
 * @param {string} run the folder of the records
 * @param {number} count how many there must be
 */
export async function publishReport(run, count) {
  const approval = join(run, 'approved')
  const approved = await access(approval).then(
    () => true,
    () => false,
  )
  if (!approved) {
    await writeFile(approval, '')
    throw new Error('the report is not approved yet (the retry comes in 15 to 44 seconds)')
  }
  const names = (await readdir(run)).filter((name) => name.endsWith('.json'))
  if (names.length < count) throw new Error(`${names.length} of ${count} files are digested`)

  const texts = await Promise.all(names.map((name) => readFile(join(run, name), 'utf8')))
  const records = texts.map((text) => JSON.parse(text))
  const lines = records.map(({ file, sha256 }) => `${sha256}  ${file}\n`)
  const report = join(run, 'report.txt')
  await writeFile(report, lines.join(''))
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0)
  const gzip = records.reduce((sum, record) => sum + record.gzip, 0)
  console.log(`PublishReport ${report}: ${count} files, ${bytes} bytes, gzip ${gzip} bytes`)
}
