import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Random } from '../support/random.ts'
import type { Event } from './log.ts'

/** A disk writes whole sectors: a write of several may arrive in part. */
const SECTOR_BYTES = 512

type Change = Extract<Event, { type: 'write' | 'truncate' }>
type Naming =
  | { readonly do: 'create'; readonly path: string; readonly file: number }
  | { readonly do: 'unlink'; readonly path: string }
  | { readonly do: 'rename'; readonly from: string; readonly to: string }

/** One file: what is surely on the disk, and what came after, in order. */
interface FileState {
  durable: Buffer
  size: number
  pending: Change[]
}

/** What a folder holds: path within it → content. */
export type Files = ReadonlyMap<string, Uint8Array>

/**
 * How much of what was not synced survives. `nothing`: the plainest disk. `everything`: like a
 * killed process. `some`: each change and name by chance, whole, torn at sectors, or as zeros.
 */
export type Survival = 'nothing' | 'everything' | 'some'

/**
 * The disk under a recorded folder, moved on through the log event by event. At any moment `cut`
 * tells what a power cut could leave.
 *
 * A file's content is durable up to what was written before the begin of a finished fsync of it. A
 * new file's name is durable after an fsync of the file (as ext4 does) or of its folder, a removal
 * and a rename only after one of the folder.
 */
export class Disk {
  readonly #files = new Map<number, FileState>()
  readonly #names = new Map<string, number>()
  #durableNames = new Map<string, number>()
  #pendingNames: Naming[] = []
  /** What each running fsync covers: so many of its file's pending changes, and these names. */
  readonly #syncs = new Map<number, { file: number; changes: number; names: Naming[] }>()
  readonly #folders = new Set<number>()
  #lastBase = 0

  /** @param base what was in the folder, durable, before the recording */
  constructor(base: Files = new Map()) {
    for (const [path, content] of base) {
      // Numbers of files that the recorder has not named yet.
      const file = (this.#lastBase -= 1)
      this.#files.set(file, {
        durable: Buffer.from(content),
        size: content.length,
        pending: [],
      })
      this.#names.set(path, file)
      this.#durableNames.set(path, file)
    }
  }

  apply(event: Event): void {
    switch (event.type) {
      case 'open':
        return this.#open(event.file, event.path)
      case 'write':
      case 'truncate':
        this.#file(event.file).pending.push(event)
        return undefined
      case 'syncing':
        this.#syncs.set(event.sync, {
          file: event.file,
          changes: this.#file(event.file).pending.length,
          names: this.#pendingNames.filter(
            (naming) =>
              this.#folders.has(event.file) ||
              (naming.do === 'create' && naming.file === event.file),
          ),
        })
        return undefined
      case 'synced':
        return this.#synced(event.file, event.sync)
      case 'unlink':
        this.#names.delete(event.path)
        this.#pendingNames.push({ do: 'unlink', path: event.path })
        return undefined
      case 'rename':
        rename(this.#names, event.from, event.to)
        this.#pendingNames.push({ do: 'rename', from: event.from, to: event.to })
        return undefined
      case 'send':
        return undefined
      default:
        return event satisfies never
    }
  }

  /** What the folder holds after a power cut now. Leaves the disk as it is. */
  cut(survival: Survival, random: Random): Files {
    const keep = chooser(survival, random)
    const names = new Map(this.#durableNames)
    for (const naming of this.#pendingNames) if (keep() !== 'lost') applyNaming(names, naming)
    const files = new Map<string, Uint8Array>()
    for (const [path, number] of names) {
      const state = this.#file(number)
      const content: FileState = {
        durable: Buffer.from(state.durable.subarray(0, state.size)),
        size: state.size,
        pending: [],
      }
      for (const change of state.pending) {
        const fate = keep()
        if (fate === 'torn' && change.type === 'write') tear(content, change, random)
        else if (fate === 'zeros' && change.type === 'write') zero(content, change)
        else if (fate !== 'lost') applyChange(content, change)
      }
      files.set(path, content.durable.subarray(0, content.size))
    }
    return files
  }

  #open(file: number, path: string): void {
    if (path === '') {
      this.#folders.add(file)
      return
    }
    const named = this.#names.get(path)
    if (named === file) return
    if (named !== undefined && named < 0) {
      // It was there before the recording: now it has a number.
      const state = this.#file(named)
      this.#files.set(file, state)
      this.#files.delete(named)
      this.#names.set(path, file)
      for (const [name, number] of this.#durableNames) {
        if (number === named) this.#durableNames.set(name, file)
      }
      return
    }
    this.#names.set(path, file)
    this.#pendingNames.push({ do: 'create', path, file })
  }

  #synced(file: number, sync: number): void {
    const covered = this.#syncs.get(sync)
    if (covered === undefined) return
    this.#syncs.delete(sync)
    const state = this.#file(file)
    const done = new Set(covered.names)
    for (const naming of this.#pendingNames) {
      if (done.has(naming)) applyNaming(this.#durableNames, naming)
    }
    this.#pendingNames = this.#pendingNames.filter((naming) => !done.has(naming))
    for (const change of state.pending.splice(0, covered.changes)) applyChange(state, change)
    // Two syncs of one file may run at once: what this one made durable, the other finds done.
    for (const other of this.#syncs.values()) {
      if (other.file === file) other.changes = Math.max(0, other.changes - covered.changes)
    }
  }

  #file(file: number): FileState {
    const known = this.#files.get(file)
    if (known !== undefined) return known
    const made: FileState = { durable: Buffer.alloc(0), size: 0, pending: [] }
    this.#files.set(file, made)
    return made
  }
}

function rename(names: Map<string, number>, from: string, to: string): void {
  const file = names.get(from)
  names.delete(from)
  if (file !== undefined) names.set(to, file)
}

function applyNaming(names: Map<string, number>, naming: Naming): void {
  if (naming.do === 'create') names.set(naming.path, naming.file)
  else if (naming.do === 'unlink') names.delete(naming.path)
  else rename(names, naming.from, naming.to)
}

type Fate = 'whole' | 'lost' | 'torn' | 'zeros'

function chooser(survival: Survival, random: Random): () => Fate {
  if (survival === 'nothing') return () => 'lost'
  if (survival === 'everything') return () => 'whole'
  const whole = random.pick([0.1, 0.5, 0.9])
  return () => {
    if (random.chance(whole)) return 'whole'
    return random.pick(['lost', 'lost', 'torn', 'torn', 'zeros'])
  }
}

function grow(state: FileState, size: number): void {
  if (size > state.durable.length) {
    const larger = Buffer.alloc(Math.max(size, state.durable.length * 2))
    state.durable.copy(larger, 0, 0, state.size)
    state.durable = larger
  }
  if (size > state.size) {
    state.durable.fill(0, state.size, size)
    state.size = size
  }
}

function applyChange(state: FileState, change: Change): void {
  if (change.type === 'truncate') {
    grow(state, change.size)
    state.size = change.size
    return
  }
  grow(state, change.offset + change.data.length)
  state.durable.set(change.data, change.offset)
}

/** Some sectors of a write arrive: the first ones, or any. */
function tear(state: FileState, write: Extract<Change, { type: 'write' }>, random: Random): void {
  const end = write.offset + write.data.length
  const firstOnly = random.chance(0.5)
  let arriving = true
  for (let at = write.offset; at < end;) {
    const next = Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES)
    if (firstOnly) arriving &&= random.chance(0.8)
    else arriving = random.chance(0.5)
    if (arriving) {
      grow(state, next)
      state.durable.set(write.data.subarray(at - write.offset, next - write.offset), at)
    }
    at = next
  }
}

/** The file's new size arrived, the data did not; over old data nothing happens. */
function zero(state: FileState, write: Extract<Change, { type: 'write' }>): void {
  grow(state, write.offset + write.data.length)
}

/** All files below a folder. @param without tells which paths are left out */
export function readFolder(folder: string, without = (_path: string) => false): Files {
  const files = new Map<string, Uint8Array>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!without(name) && statSync(path).isFile())
      files.set(relative(folder, path), readFileSync(path))
  }
  return files
}

/** Makes a folder that holds these files. */
export function writeFolder(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true })
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}
