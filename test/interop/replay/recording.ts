import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * What one connection does next. The notation is in ../README.md.
 * `connection`: a number for one of the client's own, a word for somebody else's.
 */
export type Line = { readonly connection: string } & (
  | { readonly kind: 'connect' | 'client FIN' | 'server FIN' }
  | { readonly kind: 'client'; readonly bytes: string }
  | { readonly kind: 'server'; readonly reply: RecordedReply }
)

/** `sign` is the first byte, `nil` for `$-1`; `text` of a bulk reply is its content. */
export interface RecordedReply {
  readonly sign: '+' | '-' | '$' | 'nil'
  readonly text: string
}

export interface Session {
  readonly title: string
  /** The time, in epoch ms, at which its lines with an `at` were sent; undefined: it has none. */
  readonly clockMs: number | undefined
  readonly lines: readonly Line[]
}

export interface Recording {
  /** The file's name without its ending. */
  readonly id: string
  readonly client: string
  readonly version: string
  readonly sessions: readonly Session[]
}

/** All recordings of a folder beside this one, by name. Throws when a line cannot be read. */
export function recordingsIn(folder: 'recordings' | 'lines'): readonly Recording[] {
  const path = fileURLToPath(new URL(`../${folder}/`, import.meta.url))
  return readdirSync(path)
    .toSorted()
    .map((name) => parseRecording(basename(name, '.txt'), readFileSync(path + name, 'utf8')))
}

export function parseRecording(id: string, text: string): Recording {
  const [head = '', ...sessions] = text.split('\n--- ')
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1]
    if (value === undefined) throw new Error(`${id}: no ${name}`)
    return value
  }
  return {
    id,
    client: field('client'),
    version: field('version'),
    sessions: sessions.map((session) => parseSession(id, session)),
  }
}

function parseSession(id: string, text: string): Session {
  const [title = '', ...rows] = text.trimEnd().split('\n')
  const clock = /^clock: (.+)$/.exec(rows[0] ?? '')?.[1]
  return {
    title,
    clockMs: clock === undefined ? undefined : Date.parse(clock),
    lines: rows.slice(clock === undefined ? 0 : 1).map((row) => parseLine(id, row)),
  }
}

function parseLine(id: string, row: string): Line {
  const [, connection = '', sign = '', rest = ''] = /^#(\w+) (--|C:|S:) (.*)$/.exec(row) ?? []
  if (sign === 'C:') return { connection, kind: 'client', bytes: unescaped(rest) }
  if (sign === 'S:') return { connection, kind: 'server', reply: parseReply(id, unescaped(rest)) }
  if (rest === 'connect' || rest === 'client FIN' || rest === 'server FIN') {
    return { connection, kind: rest }
  }
  throw new Error(`${id}: what does this line mean? ${row}`)
}

function parseReply(id: string, bytes: string): RecordedReply {
  if (bytes === '$-1\r\n') return { sign: 'nil', text: '' }
  // The length is not looked at: long contents are shortened.
  const [, bulk] = /^\$(?:\d+|n)\r\n(.*)\r\n$/s.exec(bytes) ?? []
  if (bulk !== undefined) return { sign: '$', text: bulk }
  const [, sign, text = ''] = /^([+-])([^\r\n]*)\r\n$/.exec(bytes) ?? []
  if (sign === '+' || sign === '-') return { sign, text }
  throw new Error(`${id}: what reply is this? ${JSON.stringify(bytes)}`)
}

function unescaped(text: string): string {
  return text.replace(/\\([rn\\])/g, (_, sign: string) => {
    if (sign === 'r') return '\r'
    return sign === 'n' ? '\n' : '\\'
  })
}
