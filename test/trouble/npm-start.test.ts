import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

// A supervisor, or a container's runtime, knows npm alone: what it sends has to reach the server.
test('a SIGTERM to npm start stops the server', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jobmill-start-'))
  const npm = spawn('npm', ['start', '--', '-b', '127.0.0.1:0', '-w', ':0', '-d', dir], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  npm.stdout.on('data', (chunk) => (output += String(chunk)))
  const exited = new Promise((resolve) => npm.once('exit', resolve))
  await expect.poll(() => output, { timeout: 60_000 }).toMatch(/PID \d+ listening/)
  const server = Number(/PID (\d+) listening/.exec(output)?.[1])
  try {
    npm.kill('SIGTERM')
    await exited
    await expect.poll(() => isAlive(server), { timeout: 5_000 }).toBe(false)
    expect(output).toContain('all is written; bye')
  } finally {
    if (isAlive(server)) process.kill(server, 'SIGKILL')
    rmSync(dir, { recursive: true })
  }
})
