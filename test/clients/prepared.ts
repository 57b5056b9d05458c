import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CACHE = join(ROOT, '.cache', 'clients')

/** What a run.sh leaves beside itself: never copied. */
const INSTALLED = new Set(['node_modules', '.venv', '.bin', '__pycache__'])

export type Language = 'node' | 'python' | 'go'

/**
 * A copy of the language's example, with its packages installed and the language's driver in
 * `driver/`. It lies in .cache under a name that follows from its sources, so that it is made once
 * and never changes while somebody runs it.
 * @returns the folder
 */
export async function prepared(language: Language): Promise<string> {
  const example = join(ROOT, 'examples', language)
  const driver = fileURLToPath(new URL(language, import.meta.url))
  const folder = join(CACHE, `${language}-${await fingerprint([example, driver])}`)
  await mkdir(CACHE, { recursive: true })
  await alone(`${folder}.lock`, async () => {
    if (await exists(join(folder, 'ready'))) return
    await removeOlder(language)
    await cp(example, folder, { recursive: true, filter: (path) => !INSTALLED.has(basename(path)) })
    await cp(driver, join(folder, 'driver'), { recursive: true })
    await run('sh', [join(folder, 'run.sh'), 'install'])
    if (language === 'go') {
      await run('go', ['build', '-C', folder, '-o', '.bin/driver', './driver'])
    }
    await writeFile(join(folder, 'ready'), '')
  })
  return folder
}

const run = promisify(execFile)

/** The same text for the same files, whatever is installed beside them. */
async function fingerprint(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of folders) {
    for (const path of await files(folder)) {
      hash.update(JSON.stringify(path.slice(folder.length))).update(await readFile(path))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = entries
    .filter((entry) => !INSTALLED.has(entry.name))
    .map((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? files(path) : Promise.resolve([path])
    })
  return (await Promise.all(found)).flat().sort()
}

async function removeOlder(language: Language): Promise<void> {
  const older = (await readdir(CACHE, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && entry.name.startsWith(`${language}-`),
  )
  await Promise.all(older.map(({ name }) => rm(join(CACHE, name), { recursive: true })))
}

/** Runs while no other process holds the lock, a file with its holder's pid. */
async function alone(lock: string, action: () => Promise<void>): Promise<void> {
  while (!(await taken(lock))) {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    // A holder that was killed leaves its lock behind.
    if (holder > 0 && !lives(holder)) await rm(lock, { force: true })
    await sleep(100)
  }
  try {
    await action()
  } finally {
    await rm(lock, { force: true })
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx')
    await file.writeFile(String(process.pid))
    await file.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
