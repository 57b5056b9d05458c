import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Flags } from '../config/settings.ts'

/**
 * Runs a server for a test: free ports, nothing of the machine's configuration files, and a data
 * folder that is removed at the end. @param run gets flags that say so
 */
export async function withEphemeral(run: (flags: Flags) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'jobmill-'))
  try {
    await run({ binding: '127.0.0.1:0', webBinding: '127.0.0.1:0', data: folder, config: folder })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
