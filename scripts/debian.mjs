// Programs that tests run and npm cannot bring.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { run } from './setup.mjs'

/** What shows that a Debian package, or the same from elsewhere, is there. */
const PACKAGES = {
  openssl: () => has('openssl'),
  haproxy: () => has('haproxy'),
  nginx: () => has('nginx'),
  'libnginx-mod-stream': () => existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'),
  stunnel4: () => has('stunnel4'),
  spiped: () => has('spiped'),
  chromium: () => has('chromium'),
}

/**
 * Installs them where that is ours to do, else says how. Tests that need one that is missing say so
 * themselves, so this never fails.
 */
export function installPrograms() {
  const missing = Object.keys(PACKAGES).filter((name) => !PACKAGES[name]())
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (!mayInstall()) {
    console.log(
      `some tests need programs that are not here: sudo apt-get install ${missing.join(' ')}`,
    )
    return
  }
  console.log(`installing ${missing.join(', ')} …`)
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  const quiet = ['-q', '-o', 'Dpkg::Use-Pty=0']
  run('apt-get', [...quiet, 'update'], options)
  run('apt-get', [...quiet, ...install], options)
}

/**
 * As root in CI or a container. On a machine in use these packages start services, some on port 80:
 * there somebody is to decide.
 */
function mayInstall() {
  const inUse = existsSync('/run/systemd/system') && process.env.CI !== 'true'
  return process.getuid?.() === 0 && has('apt-get') && !inUse
}

function has(program) {
  const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH } }).status === 0
}
