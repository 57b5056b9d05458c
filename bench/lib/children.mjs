// Whatever a bench starts or makes ends with it, however it ends.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const running = new Set()
const folders = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(signal, () => process.exit(status))

/** Like `spawn`; `child.ended` resolves at the exit to { code, signal, error }, and never rejects. */
export function startChild(command, args, options = {}) {
  const child = spawn(command, args, options)
  running.add(child)
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }))
    child.once('close', (code, signal) => resolve({ code, signal }))
  }).then((end) => {
    running.delete(child)
    return end
  })
  return child
}

/** SIGTERM, and SIGKILL after `patienceMs`. Resolves at the exit. */
export async function stopChild(child, patienceMs = 20_000) {
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
  child.kill('SIGTERM')
  const end = await child.ended
  clearTimeout(timer)
  return end
}

/** A temporary folder, gone at the end of the bench at the latest. @param parent where to make it */
export function makeFolder(parent = tmpdir()) {
  const folder = mkdtempSync(join(parent, 'jobmill-bench-'))
  folders.add(folder)
  return folder
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}
