// Starts what is measured: the job server on a data folder of its own, and the echo.
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { makeFolder, removeFolder, startChild, stopChild } from './children.mjs'
import { until } from './wait.mjs'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const ECHO = fileURLToPath(new URL('../echo.mjs', import.meta.url))
const LISTEN_MS = 60_000
/** Kept of a server's output, for the message when it fails. */
const OUTPUT_MAX = 16_384

/** Settings of whoever runs the bench must not decide it. */
function environment(home) {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(FAKTORY|JOBMILL)_|^NODE_OPTIONS$/.test(name),
  )
  return { ...Object.fromEntries(own), HOME: home }
}

function follow(child) {
  let text = ''
  const keep = (chunk) => {
    text = (text + chunk).slice(-OUTPUT_MAX)
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  return () => text
}

async function firstMatch(child, output, pattern, what) {
  let ended = false
  void child.ended.then(() => {
    ended = true
  })
  const match = await until(
    () => pattern.exec(output()) ?? (ended ? 'ended' : undefined),
    LISTEN_MS,
    5,
  )
  if (match === undefined || match === 'ended')
    throw new Error(`${what} ${ended ? 'ended' : 'said nothing'} before it listened:\n${output()}`)
  return match[1]
}

/**
 * Spawns the job server without waiting for it.
 * @param options folder: data folder (kept at the end; absent: a temporary one) · durability · nodeArgs ·
 * port, webPort: 0 for any · parent: where temporary folders go
 */
export function spawnJobmill(options) {
  if (!existsSync(COMMAND)) throw new Error('the server is not built: npm run build')
  const folder = options.folder ?? makeFolder(options.parent)
  const args = [
    ...(options.nodeArgs ?? []),
    COMMAND,
    'server',
    '-b',
    `127.0.0.1:${options.port ?? 0}`,
    '-w',
    `127.0.0.1:${options.webPort ?? 0}`,
    '-d',
    folder,
    '--durability',
    options.durability,
  ]
  const child = startChild(process.execPath, args, {
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = follow(child)
  const server = {
    name: 'jobmill',
    pid: child.pid,
    folder,
    output,
    child,
    /** SIGKILL: as if the machine's owner had pulled it. */
    kill: async () => {
      child.kill('SIGKILL')
      await child.ended
    },
    stop: async () => {
      const end = await stopChild(child)
      if (options.folder === undefined) removeFolder(folder)
      if (end.code !== 0)
        throw new Error(`the server ended with ${end.code ?? end.signal}:\n${output()}`)
    },
  }
  return server
}

/** A job server that listens and says that it is ready: { pid, port, webPort, folder, stop, … }. */
export async function startJobmill(options) {
  const server = spawnJobmill(options)
  const { child, output } = server
  const listening = /PID \d+ listening at 127\.0\.0\.1:(\d+)/
  const port = Number(await firstMatch(child, output, listening, 'the server'))
  const web = /Web server now listening at 127\.0\.0\.1:(\d+)/
  const webPort = Number(await firstMatch(child, output, web, 'the server'))
  if ((await until(() => isReady(webPort), LISTEN_MS)) === undefined)
    throw new Error(`the server did not get ready:\n${output()}`)
  return { ...server, port, webPort }
}

/** Whether /readyz answers 200. */
export async function isReady(webPort) {
  try {
    const response = await fetch(`http://127.0.0.1:${webPort}/readyz`)
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/** The echo: { name, pid, port, stop }. @param nodeArgs for Node itself */
export async function startEcho(nodeArgs = []) {
  const child = startChild(process.execPath, [...nodeArgs, ECHO], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = follow(child)
  const port = Number(await firstMatch(child, output, /echo at 127\.0\.0\.1:(\d+)/, 'the echo'))
  return { name: 'echo', pid: child.pid, port, stop: () => stopChild(child) }
}

/** A port of 127.0.0.1 that nobody uses at this moment. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
