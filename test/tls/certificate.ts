import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority made for one run, and what it signed. */
export interface Certificate {
  /** Of the authority: what clients are to trust. */
  readonly caFile: string
  readonly ca: string
  /** Certificate, chain and private key of `localhost` and 127.0.0.1 in one file, as fronts read it. */
  readonly pemFile: string
  remove(): Promise<void>
}

/** Makes a certificate as docs/tls.md "A certificate of your own" shows it. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'jobmill-tls-'))
  const page = await readFile(new URL('../../docs/tls.md', import.meta.url), 'utf8')
  const shown = /## A certificate of your own[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)?.[1]
  if (shown === undefined) throw new Error('docs/tls.md shows no commands for a certificate')
  const commands = shown.replaceAll('jobmill.example.com', 'localhost')
  await writeFile(join(folder, 'make.sh'), `set -eu\n${commands}`)
  execFileSync('sh', ['make.sh'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const caFile = join(folder, 'ca.crt')
  return {
    caFile,
    ca: await readFile(caFile, 'utf8'),
    pemFile: join(folder, 'jobmill.pem'),
    remove: () => rm(folder, { recursive: true }),
  }
}
