// Reads V8's .cpuprofile files: what each function cost, within a window of time.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** What a thread does while it does nothing. */
const IDLE = '(idle)'

/** Threads of one process, the main thread first: [{ name, file, profile }]. */
export function readProfiles(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => {
      // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile
      const thread = Number(name.split('.').at(-3))
      const profile = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      return { thread, file: join(folder, name), profile }
    })
    .sort((a, b) => a.thread - b.thread)
    .map(({ thread, file, profile }) => ({ name: threadName(thread, profile), file, profile }))
}

/** A worker is named after the script of our own that it ran first. */
function threadName(thread, profile) {
  if (thread === 0) return 'main thread'
  const own = profile.nodes.find(({ callFrame }) => /\/dist\/.*\.js$/.test(callFrame.url))
  const script = own === undefined ? '' : ` (${basename(own.callFrame.url)})`
  return `thread ${thread}${script}`
}

/**
 * Sums the samples that fall into a window.
 * @param fromS, toS seconds of the monotonic clock, which is V8's too
 * @returns { busyUs, idleUs, functions: [{ where, selfUs, totalUs }], files: [{ file, selfUs }] }, dearest first
 */
export function summarize({ nodes, samples, timeDeltas, startTime }, fromS, toS) {
  const index = indexOf(nodes)
  const sums = { busyUs: 0, idleUs: 0, functions: new Map(), files: new Map() }
  let at = startTime
  for (let i = 0; i < samples.length; i++) {
    at += timeDeltas[i]
    // A sample stands for the time until the next one.
    const lastedUs = Math.max(0, timeDeltas[i + 1] ?? 0)
    if (at < fromS * 1e6 || at > toS * 1e6) continue
    addSample(sums, index.get(samples[i]), lastedUs)
  }
  const dearest = (map, key) => [...map.values()].sort((a, b) => b[key] - a[key])
  return {
    busyUs: sums.busyUs,
    idleUs: sums.idleUs,
    functions: dearest(sums.functions, 'selfUs'),
    files: dearest(sums.files, 'selfUs'),
  }
}

/** Per node: where it is, and the distinct functions from it up to the root. */
function indexOf(nodes) {
  const index = new Map(
    nodes.map((node) => [node.id, { ...placeOf(node.callFrame), parent: undefined }]),
  )
  for (const node of nodes)
    for (const child of node.children ?? []) index.get(child).parent = index.get(node.id)
  for (const entry of index.values()) {
    const places = new Set()
    for (let at = entry; at !== undefined; at = at.parent) places.add(at.where)
    entry.path = places
  }
  return index
}

function placeOf({ functionName, url, lineNumber, columnNumber }) {
  const file = shorten(url)
  const name = functionName === '' ? '(anonymous)' : functionName
  // Native functions of Node and SQLite have no file: their name is all there is.
  if (file === '') return { name, where: name, file: name.startsWith('(') ? name : 'native' }
  return { name, where: `${name} ${file}:${lineNumber + 1}:${columnNumber + 1}`, file }
}

/** The part of a path that tells: from the package on, or Node's own module. */
function shorten(url) {
  const path = url.replace(/^file:\/\//, '')
  return /(?:packages|node_modules|bench)\/.*$/.exec(path)?.[0].replace('/dist/', '/') ?? path
}

function addSample(sums, entry, lastedUs) {
  if (entry.name === IDLE) {
    sums.idleUs += lastedUs
    return
  }
  sums.busyUs += lastedUs
  functionOf(sums, entry.where).selfUs += lastedUs
  for (const where of entry.path) functionOf(sums, where).totalUs += lastedUs
  const file = sums.files.get(entry.file) ?? { file: entry.file, selfUs: 0 }
  file.selfUs += lastedUs
  sums.files.set(entry.file, file)
}

function functionOf(sums, where) {
  let found = sums.functions.get(where)
  if (found === undefined) sums.functions.set(where, (found = { where, selfUs: 0, totalUs: 0 }))
  return found
}
