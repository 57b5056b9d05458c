import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CACHE = join(ROOT, '.cache', 'clients')

/** What a run.sh leaves beside itself: never copied. */
const INSTALLED = new Set(['node_modules', '.venv', '.bin', '__pycache__', 'target'])

/** The clients whose examples are in examples/: a driver is installed with its example. */
export type ExampleKit = 'node' | 'python' | 'go'

/** The folder of a driver beside this file. */
export type Kit = ExampleKit | 'pyfaktory' | 'rust'

const run = promisify(execFile)

const INSTALL: Readonly<Record<Kit, (folder: string) => Promise<unknown>>> = {
  node: installExample,
  python: installExample,
  go: async (folder) => {
    await installExample(folder)
    await run('go', ['build', '-C', folder, '-o', '.bin/driver', './driver'])
  },
  pyfaktory: async (folder) => {
    const venv = join(folder, '.venv')
    await run('python3', ['-m', 'venv', venv])
    const requirements = join(folder, 'driver', 'requirements.txt')
    const quietly = ['--quiet', '--disable-pip-version-check']
    await run(join(venv, 'bin', 'pip'), ['install', ...quietly, '--requirement', requirements])
  },
  rust: async (folder) => {
    const target = join(CACHE, 'cargo-target')
    const manifest = join(folder, 'driver', 'Cargo.toml')
    await run('cargo', ['build', '--quiet', '--locked', '--manifest-path', manifest], {
      env: { ...process.env, CARGO_TARGET_DIR: target },
    })
    await mkdir(join(folder, '.bin'))
    await cp(join(target, 'debug', 'driver'), join(folder, '.bin', 'driver'))
  },
}

async function installExample(folder: string): Promise<void> {
  await run('sh', [join(folder, 'run.sh'), 'install'])
}

/**
 * A folder with the kit's driver in `driver/`, its example if it has one, and its packages
 * installed. It lies in .cache under a name that follows from its sources, so that it is made once
 * and never changes while somebody runs it.
 * @returns the folder
 */
export async function prepared(kit: Kit): Promise<string> {
  const example = join(ROOT, 'examples', kit)
  const driver = fileURLToPath(new URL(kit, import.meta.url))
  const sources = (await exists(example)) ? [example, driver] : [driver]
  const folder = join(CACHE, `${kit}-${await fingerprint(sources)}`)
  await mkdir(CACHE, { recursive: true })
  await alone(`${folder}.lock`, async () => {
    if (await exists(join(folder, 'ready'))) return
    await removeOlder(kit)
    const filter = (path: string): boolean => !INSTALLED.has(basename(path))
    if (sources.includes(example)) await cp(example, folder, { recursive: true, filter })
    await cp(driver, join(folder, 'driver'), { recursive: true, filter })
    await INSTALL[kit](folder)
    await writeFile(join(folder, 'ready'), '')
  })
  return folder
}

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

async function removeOlder(kit: Kit): Promise<void> {
  const older = (await readdir(CACHE, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && entry.name.startsWith(`${kit}-`),
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
