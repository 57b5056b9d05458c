// What a server holds in memory, from /proc. Megabytes here are 10^6 bytes, as in the goals.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nowMs, sleep } from './wait.mjs'

const COLLECT_MS = 700

const BYTES_PER_KIB = 1024

/** Resident memory of a process, in MB. */
export function rssMb(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return (Number(kib) * BYTES_PER_KIB) / 1e6
}

/** MiB as the generator prints them, in MB. */
export const mbOfMib = (mib) => mib * 1.048576

/**
 * Watches an idle process until its memory is at most `goalMb`, `limitMs` at most: V8 collects what
 * nobody uses some seconds after the last work.
 * @returns the least seen, in MB
 */
export async function settledRssMb(pid, goalMb, limitMs) {
  const end = nowMs() + limitMs
  let least = rssMb(pid)
  while (least > goalMb && nowMs() < end) {
    await sleep(250)
    least = Math.min(least, rssMb(pid))
  }
  return least
}

/** Options for Node so that `heldRssMb` works; they change nothing else. */
export const COLLECTABLE = [
  '--import',
  fileURLToPath(new URL('./collect-on-signal.mjs', import.meta.url)),
]

/** Memory after a forced collection: what is held, without what V8 would still collect some day. */
export async function heldRssMb(pid) {
  process.kill(pid, 'SIGUSR2')
  await sleep(COLLECT_MS)
  return rssMb(pid)
}
