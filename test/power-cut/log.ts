import { readFileSync } from 'node:fs'

/**
 * One thing that the recorder saw (recorder.c). `end`: bytes of the log up to and with it, so a cut
 * at position p has seen it if `end <= p`. `atMs`: the clock of `monotonicMs()`.
 *
 * - `open`: a file (or the folder itself, path '') got this number, and exists under this path
 * - `write`, `truncate`: done, in the cache of the system, not on the disk
 * - `syncing`, `synced`: the two ends of one fsync, by its number
 * - `unlink`, `rename`: done, but not on the disk
 * - `send`: bytes about to be sent to the peer at this port; below 0 when fewer were taken
 */
export type Event = { readonly end: number; readonly atMs: number } & (
  | { readonly type: 'open'; readonly file: number; readonly path: string }
  | {
      readonly type: 'write'
      readonly file: number
      readonly offset: number
      readonly data: Uint8Array
    }
  | { readonly type: 'truncate'; readonly file: number; readonly size: number }
  | { readonly type: 'syncing' | 'synced'; readonly file: number; readonly sync: number }
  | { readonly type: 'unlink'; readonly path: string }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'send'; readonly port: number; readonly bytes: number }
)

const HEAD_BYTES = 32

/**
 * Reads a recorder's log. A record cut off at the end (the process was killed) is left out.
 * Throws when the recorder met something that its log cannot express.
 */
export function readLog(path: string): Event[] {
  const log = readFileSync(path)
  const events: Event[] = []
  let at = 0
  while (at + HEAD_BYTES <= log.length) {
    const end = at + HEAD_BYTES + Number(log.readBigUInt64LE(at + 24))
    if (end > log.length) break
    const event = readEvent(log.subarray(at, end), end)
    if (event !== undefined) events.push(event)
    at = end
  }
  return events
}

function readEvent(record: Buffer, end: number): Event | undefined {
  const file = record.readUInt32LE(4)
  const atMs = Number(record.readBigUInt64LE(8)) / 1e6
  const number = Number(record.readBigInt64LE(16))
  const data = record.subarray(HEAD_BYTES)
  const type = String.fromCharCode(record[0] ?? 0)
  switch (type) {
    case 'O':
      return { type: 'open', end, atMs, file, path: data.toString() }
    case 'W':
      return { type: 'write', end, atMs, file, offset: number, data }
    case 'T':
      return { type: 'truncate', end, atMs, file, size: number }
    case 'B':
      return { type: 'syncing', end, atMs, file, sync: number }
    case 'E':
      return { type: 'synced', end, atMs, file, sync: number }
    case 'U':
      return { type: 'unlink', end, atMs, path: data.toString() }
    case 'R': {
      const [from = '', to = ''] = data.toString().split('\0')
      return { type: 'rename', end, atMs, from, to }
    }
    case 'N':
      return { type: 'send', end, atMs, port: file, bytes: number }
    default:
      throw new Error(`the recorder cannot follow: ${type} ${data.toString()}`)
  }
}

/** Where in the log the server had begun to send the byte `endByte` to the peer at `port`. */
export type SentAt = (port: number, endByte: number) => SendPosition | undefined

export interface SendPosition {
  readonly end: number
  readonly atMs: number
}

/**
 * Finds for each reply the position before which its promise was made.
 * @returns undefined for bytes that the log does not show as sent
 */
export function indexSends(events: readonly Event[]): SentAt {
  const connections = new Map<number, { total: number[]; position: SendPosition[] }>()
  for (const event of events) {
    if (event.type !== 'send') continue
    const known = connections.get(event.port) ?? { total: [], position: [] }
    connections.set(event.port, known)
    if (event.bytes < 0) {
      // Directly after its send: so much of it was not taken, and goes out with a later one.
      const taken = (known.total.pop() ?? 0) + event.bytes
      if (taken > (known.total.at(-1) ?? 0)) known.total.push(taken)
      else known.position.pop()
      continue
    }
    known.total.push((known.total.at(-1) ?? 0) + event.bytes)
    known.position.push({ end: event.end, atMs: event.atMs })
  }
  return (port, endByte) => {
    const known = connections.get(port)
    if (known === undefined) return undefined
    let low = 0
    let high = known.total.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((known.total[middle] ?? 0) < endByte) low = middle + 1
      else high = middle
    }
    return known.position[low]
  }
}
