import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Context } from 'hono'
import type { Env } from './context.ts'

interface Asset {
  readonly type: string
  readonly body: Uint8Array<ArrayBuffer>
  readonly zipped: Uint8Array<ArrayBuffer>
  readonly version: string
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

// Beside src and dist alike: tsc copies nothing.
const FOLDER = new URL('../../assets/', import.meta.url)
const SOURCES: Readonly<Record<string, URL>> = {
  'jobmill.css': new URL('jobmill.css', FOLDER),
  'jobmill.js': new URL('jobmill.js', FOLDER),
  'icons.svg': new URL('icons.svg', FOLDER),
  'icon.svg': new URL('icon.svg', FOLDER),
  'idiomorph.js': new URL(import.meta.resolve('idiomorph/dist/idiomorph.min.js')),
}

function read([name, source]: [string, URL]): [string, Asset] {
  const body = new Uint8Array(readFileSync(fileURLToPath(source)))
  return [
    name,
    {
      type: TYPES[name.replace(/^.*\./, '')] ?? 'application/octet-stream',
      body,
      zipped: new Uint8Array(gzipSync(body, { level: 9 })),
      version: createHash('sha256').update(body).digest('base64url').slice(0, 10),
    },
  ]
}

const ASSETS: ReadonlyMap<string, Asset> = new Map(Object.entries(SOURCES).map(read))

/** The path of an asset with its version, so that it can be kept for ever. */
export function assetPath(name: string): string {
  return `/static/${name}?v=${ASSETS.get(name)?.version ?? ''}`
}

/** What all assets weigh on the wire, bytes. */
export function assetsBytes(): number {
  let sum = 0
  for (const { zipped } of ASSETS.values()) sum += zipped.length
  return sum
}

export function serveAsset(c: Context<Env>): Response {
  const asset = ASSETS.get(c.req.param('name') ?? '')
  if (asset === undefined) return c.text('not found\n', 404)
  const known = c.req.query('v') === asset.version
  c.header('Content-Type', asset.type)
  c.header('Vary', 'Accept-Encoding')
  c.header('Cache-Control', known ? 'public, max-age=31536000, immutable' : 'public, max-age=300')
  if (!/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '')) return c.body(asset.body)
  c.header('Content-Encoding', 'gzip')
  return c.body(asset.zipped)
}
