// Installs and builds what is missing or out of date; quick when nothing is.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = `${root}node_modules/.cache/jobmill/installed`

/** Runs a command in the project's folder, its output to ours. @returns its exit code */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (done.error !== undefined) throw done.error
  return done.status ?? 1
}

/** Exits with a message that says what to do when something is missing. */
export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or later`)
  }
  install()
  if (run('node', ['node_modules/typescript/bin/tsc', '-b']) !== 0)
    fail('the build failed, see above')
}

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex')
  const wanted = `${lock} ${process.versions.modules}\n`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('installing packages …')
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    fail(
      'npm ci failed, see above. If it failed while compiling better-sqlite3: that package has no\n' +
        'prebuilt binary for this machine, so it needs a C++ compiler, make and Python 3\n' +
        '(Debian: apt-get install build-essential python3) and the headers of this Node.',
    )
  }
  mkdirSync(stamp.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(stamp, wanted)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
