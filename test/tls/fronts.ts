import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeWith, isInstalled } from '../support/toolchain.ts'
import type { FrontKind, Places } from './front.ts'

// Where Debian has them, out of sight of who is not root.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

/** A `describe` of a front, or where one of its programs is missing a test that says which. */
export function describeFront(front: Pick<FrontKind, 'name' | 'needs'>, body: () => void): void {
  const missing = [...front.needs, 'openssl'].find((program) => !isThere(program))
  describeWith(missing ?? 'openssl', front.name, body)
}

const STREAM = 'libnginx-mod-stream'

function isThere(program: string): boolean {
  // Built in, or a module of its own.
  if (program === STREAM) {
    const { stderr } = spawnSync(NGINX.name, ['-V'], { encoding: 'utf8' })
    return (
      /--with-stream(?!\S)/.test(stderr) ||
      existsSync('/etc/nginx/modules-enabled/50-mod-stream.conf')
    )
  }
  return isInstalled(program)
}

const isRoot = process.getuid?.() === 0
const PEM = '/etc/jobmill/tls/jobmill.pem'

const server = ({ serverJobs, serverPages }: Places): [string, string][] => [
  ['127.0.0.1:7419', `127.0.0.1:${serverJobs}`],
  ['127.0.0.1:7420', `127.0.0.1:${serverPages}`],
]

/** Only root can give up its rights. */
const owner = (...lines: string[]): [string, string][] =>
  isRoot ? [] : lines.map((line) => [`${line}\n`, '\n'])

export const HAPROXY: FrontKind = {
  name: 'haproxy',
  needs: ['haproxy'],
  files: ['haproxy.cfg'],
  replaced: (places) => [
    ...server(places),
    ['bind :7443 ', `bind 127.0.0.1:${places.jobs} `],
    ['bind :7444 ', `bind 127.0.0.1:${places.pages} `],
    [PEM, places.pemFile],
    ...owner('user haproxy', 'group haproxy'),
  ],
  commands: async ([file = '']) => [['haproxy', '-db', '-f', file]],
}

export const NGINX: FrontKind = {
  name: 'nginx',
  needs: ['nginx', STREAM],
  files: ['nginx.conf'],
  replaced: (places) => [
    ...server(places),
    ['listen 7443 ', `listen 127.0.0.1:${places.jobs} `],
    ['listen 7444 ', `listen 127.0.0.1:${places.pages} `],
    [PEM, places.pemFile],
    ['/run/nginx.pid', join(places.folder, 'nginx.pid')],
    // Its own are root's.
    ['access_log off;', `access_log off; ${temporary(places.folder)}`],
    ...owner('user www-data;'),
  ],
  commands: async ([file = '']) => [['nginx', '-e', 'stderr', '-c', file, '-g', 'daemon off;']],
}

const temporary = (folder: string): string =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${join(folder, kind)};`)
    .join(' ')

export const STUNNEL: FrontKind = {
  name: 'stunnel',
  needs: ['stunnel4'],
  files: ['stunnel.conf'],
  replaced: (places) => [
    ...server(places),
    ['accept = 7443', `accept = 127.0.0.1:${places.jobs}`],
    ['accept = 7444', `accept = 127.0.0.1:${places.pages}`],
    [PEM, places.pemFile],
    ...owner('setuid = stunnel4', 'setgid = stunnel4'),
  ],
  commands: async ([file = '']) => [['stunnel4', file]],
}

export const SPIPED = { name: 'spiped', needs: ['spiped'] } as const

/**
 * Both ends of spiped: what clients connect to is the end beside them, in plain text.
 * @param between the ports between the two ends
 */
export function spiped(between: { readonly jobs: number; readonly pages: number }): FrontKind {
  return {
    ...SPIPED,
    files: [
      'spiped/server-jobs.service',
      'spiped/server-pages.service',
      'spiped/client-jobs.service',
      'spiped/client-pages.service',
    ],
    replaced: (places) => [
      ['[0.0.0.0]:7443', `[127.0.0.1]:${between.jobs}`],
      ['[0.0.0.0]:7444', `[127.0.0.1]:${between.pages}`],
      ['jobmill.example.com:7443', `localhost:${between.jobs}`],
      ['jobmill.example.com:7444', `localhost:${between.pages}`],
      ['-t [127.0.0.1]:7419', `-t [127.0.0.1]:${places.serverJobs}`],
      ['-t [127.0.0.1]:7420', `-t [127.0.0.1]:${places.serverPages}`],
      ['-s [127.0.0.1]:7419', `-s [127.0.0.1]:${places.jobs}`],
      ['-s [127.0.0.1]:7420', `-s [127.0.0.1]:${places.pages}`],
      ['/etc/jobmill/tls/spiped.key', join(places.folder, 'key')],
      ['${CREDENTIALS_DIRECTORY}', places.folder],
    ],
    commands: async (files, { folder }) => {
      await writeFile(join(folder, 'key'), randomBytes(32))
      return Promise.all(files.map(execStart))
    },
  }
}

/** What systemd would run. */
async function execStart(unit: string): Promise<string[]> {
  const line = /^ExecStart=\/usr\/bin\/(.*)$/m.exec(await readFile(unit, 'utf8'))?.[1]
  if (line === undefined) throw new Error(`${unit} has no ExecStart`)
  return line.split(' ')
}
