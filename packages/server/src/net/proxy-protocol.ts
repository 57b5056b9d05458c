import { isIPv4, isIPv6 } from 'node:net'

/** The longest header of version 1, its line end included. Source: PROXY protocol, section 2.1. */
const TEXT_MAX = 107
const BINARY_FIXED = 16
/** Addresses take 216 bytes at most; a front may add what it knows of TLS, and pads. */
const BINARY_MAX = 4_096
const TEXT_START = Buffer.from('PROXY ', 'latin1')
const BINARY_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const LF = 10

/** What the bytes of a connection say so far. */
export type ProxyHeader =
  | { readonly state: 'unfinished' }
  /** `source`: who speaks to the front; undefined when the front speaks for itself. */
  | { readonly state: 'whole'; readonly source: string | undefined; readonly rest: Buffer }
  | { readonly state: 'wrong'; readonly why: string }

const UNFINISHED: ProxyHeader = { state: 'unfinished' }
const wrong = (why: string): ProxyHeader => ({ state: 'wrong', why })

/** Whether a connection's first bytes begin a PROXY header. @param chunk all of them so far */
export function beginsProxyHeader(chunk: Buffer): boolean {
  return [TEXT_START, BINARY_START].some((start) => chunk.subarray(0, start.length).equals(start))
}

/**
 * Reads the header that a front sends ahead of the bytes of its client, version 1 (text) or 2
 * (binary), however it is cut. It holds 4 KiB at most.
 * Source: "The PROXY protocol, versions 1 & 2" by haproxy's authors.
 */
export class ProxyReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** @param chunk what came next; not to be called again once the header is whole or wrong */
  push(chunk: Buffer): ProxyHeader {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (agrees(this.#bytes, BINARY_START)) return readBinary(this.#bytes)
    if (agrees(this.#bytes, TEXT_START)) return readText(this.#bytes)
    return wrong('no header')
  }
}

/** As far as both reach. */
function agrees(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, TEXT_MAX).indexOf(LF)
  if (end < 0) return bytes.length < TEXT_MAX ? UNFINISHED : wrong('version 1 without a line end')
  const line = bytes.toString('latin1', 0, end + 1)
  const source = sourceOf(line)
  if (source === false) return wrong('version 1 with addresses that are none')
  return { state: 'whole', source, rest: bytes.subarray(end + 1) }
}

/** false: it is no such line. */
function sourceOf(line: string): string | undefined | false {
  // What follows UNKNOWN is not to be looked at.
  if (/^PROXY UNKNOWN(?: [^\r]*)?\r\n$/.test(line)) return undefined
  const fields = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line)
  if (fields === null) return false
  const [, family, from = '', to = '', fromPort = '', toPort = ''] = fields
  const isAddress = family === '4' ? isIPv4 : isPlainIPv6
  if (!isAddress(from) || !isAddress(to) || !isPort(fromPort) || !isPort(toPort)) return false
  return peerName(from, Number(fromPort))
}

const isPort = (text: string): boolean => String(Number(text)) === text && Number(text) <= 65_535
const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%')

const VERSION_2 = 0x20
const LOCAL = 0
const PROXY = 1
/** Bytes of an address; two of them and two ports follow. Others, such as UNIX, have no port to show. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0x11: 4, 0x21: 16 }

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < BINARY_FIXED) return UNFINISHED
  const command = bytes.readUInt8(12) - VERSION_2
  if (command !== LOCAL && command !== PROXY) return wrong('neither LOCAL nor PROXY of version 2')
  const end = BINARY_FIXED + bytes.readUInt16BE(14)
  if (end > BINARY_MAX) return wrong(`version 2 of ${end} bytes, ${BINARY_MAX} are allowed`)
  const size = command === LOCAL ? undefined : ADDRESS_BYTES[bytes.readUInt8(13)]
  if (size !== undefined && end < BINARY_FIXED + 2 * size + 4) {
    return wrong('version 2 without its addresses')
  }
  if (bytes.length < end) return UNFINISHED
  const source = size === undefined ? undefined : binarySource(bytes.subarray(BINARY_FIXED), size)
  return { state: 'whole', source, rest: bytes.subarray(end) }
}

function binarySource(bytes: Buffer, size: number): string {
  const port = bytes.readUInt16BE(2 * size)
  if (size === 4) return peerName(bytes.subarray(0, 4).join('.'), port)
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return peerName(groups.join(':'), port)
}

/**
 * An address and port as the log shows them: `192.0.2.7:4711`, `[2001:db8::7]:4711`; an IPv4 address
 * that a socket of both families tells as IPv6 is shown as what it is.
 * @param address '' when the socket no longer tells
 */
export function peerName(address: string, port: number): string {
  if (isIPv6(address) && address.includes('%')) return `[${address}]:${port}`
  if (!isIPv6(address)) return `${address === '' ? '?' : address}:${port}`
  const short = new URL(`http://[${address}]`).hostname
  const mapped = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(short)
  if (mapped === null) return `${short}:${port}`
  const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)]
  return `${[high >> 8, high & 255, low >> 8, low & 255].join('.')}:${port}`
}
