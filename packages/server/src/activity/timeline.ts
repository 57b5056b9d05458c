import { Tally } from './tally.ts'

/** One name's share, or everything. */
export type Group = 'queue' | 'jobtype'

/** What happened in one step of time, by name. */
export interface Moment {
  readonly all: Tally
  readonly queues: ReadonlyMap<string, Tally>
  readonly jobtypes: ReadonlyMap<string, Tally>
}

/** The same as it is kept: packed. */
interface Slot {
  readonly all: string
  readonly queues: Map<string, string>
  readonly jobtypes: Map<string, string>
  readonly bytes: number
}

/** What an entry costs beside its text, about. */
const ENTRY_BYTES = 80

export interface Grain {
  readonly stepMs: number
  /** Steps that are kept. */
  readonly steps: number
  /** All texts together; the oldest steps go first. */
  readonly bytesMax: number
}

/** What happened, step by step: so far back as steps and bytes allow. */
export class Timeline {
  readonly grain: Grain
  readonly #slots = new Map<number, Slot>()
  readonly #dropped = new Set<number>()
  #bytes = 0

  constructor(grain: Grain) {
    this.grain = grain
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The oldest step that is kept; undefined when there is none. */
  get first(): number | undefined {
    let first: number | undefined
    for (const index of this.#slots.keys()) if (first === undefined || index < first) first = index
    return first
  }

  has(index: number): boolean {
    return this.#slots.has(index)
  }

  /** Adds what happened to a step. @param index steps since the epoch */
  add(index: number, moment: Moment): void {
    const before = this.#slots.get(index)
    const packed = (names: ReadonlyMap<string, Tally>, old: Map<string, string> | undefined) => {
      const texts = new Map(old)
      for (const [name, tally] of names) texts.set(name, packedSum(tally, texts.get(name)))
      return texts
    }
    this.#put(index, {
      all: packedSum(moment.all, before?.all),
      queues: packed(moment.queues, before?.queues),
      jobtypes: packed(moment.jobtypes, before?.jobtypes),
    })
    this.#trim(index)
  }

  /** Adds a step's share of a name to a tally. @returns whether there is anything of the step */
  read(
    index: number,
    into: Tally,
    of?: { readonly by: Group; readonly name: string },
    full = true,
  ): boolean {
    const slot = this.#slots.get(index)
    if (slot === undefined) return false
    const text =
      of === undefined ? slot.all : (of.by === 'queue' ? slot.queues : slot.jobtypes).get(of.name)
    if (text !== undefined) into.addPacked(text, full)
    return true
  }

  /** Adds all shares of a step to tallies by name. */
  readAll(index: number, by: Group, into: Map<string, Tally>, full = true): void {
    const slot = this.#slots.get(index)
    if (slot === undefined) return
    for (const [name, text] of by === 'queue' ? slot.queues : slot.jobtypes) {
      let tally = into.get(name)
      if (tally === undefined) into.set(name, (tally = new Tally()))
      tally.addPacked(text, full)
    }
  }

  /** A step as text, to be kept. */
  write(index: number): string | undefined {
    const slot = this.#slots.get(index)
    if (slot === undefined) return undefined
    const { all, queues, jobtypes } = slot
    return JSON.stringify([index, all, [...queues].flat(), [...jobtypes].flat()])
  }

  /** Takes in what `write` gave, unless the step is there already or too old. Throws for other texts. */
  take(text: string, nowIndex: number): void {
    const value: unknown = JSON.parse(text)
    if (!isWritten(value)) throw new TypeError('not a step of a timeline')
    const [index, all, queues, jobtypes] = value
    if (index <= nowIndex - this.grain.steps || index > nowIndex || this.has(index)) return
    this.#put(index, { all, queues: paired(queues), jobtypes: paired(jobtypes) })
    this.#trim(nowIndex)
  }

  /** Steps that went for want of room since it was asked last. */
  dropped(): number[] {
    const dropped = [...this.#dropped]
    this.#dropped.clear()
    return dropped
  }

  clear(): void {
    this.#slots.clear()
    this.#dropped.clear()
    this.#bytes = 0
  }

  #put(index: number, slot: Omit<Slot, 'bytes'>): void {
    let bytes = slot.all.length + ENTRY_BYTES
    for (const names of [slot.queues, slot.jobtypes]) {
      for (const [name, text] of names) bytes += name.length + text.length + ENTRY_BYTES
    }
    this.#drop(index)
    this.#slots.set(index, { ...slot, bytes })
    this.#bytes += bytes
  }

  #drop(index: number): void {
    this.#bytes -= this.#slots.get(index)?.bytes ?? 0
    this.#slots.delete(index)
  }

  #trim(nowIndex: number): void {
    for (const index of this.#slots.keys()) {
      // A clock that was set back leaves steps of a time to come.
      if (index <= nowIndex - this.grain.steps) this.#drop(index)
    }
    while (this.#bytes > this.grain.bytesMax && this.#slots.size > 1) {
      const first = this.first ?? 0
      this.#drop(first)
      this.#dropped.add(first)
    }
  }
}

function packedSum(tally: Tally, before: string | undefined): string {
  if (before === undefined) return tally.pack()
  const sum = new Tally()
  sum.addPacked(before)
  sum.add(tally)
  return sum.pack()
}

type Written = readonly [number, string, readonly string[], readonly string[]]

function isWritten(value: unknown): value is Written {
  if (!Array.isArray(value) || value.length !== 4) return false
  const [index, all, queues, jobtypes] = value as unknown[]
  const isTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.length % 2 === 0 && list.every((one) => typeof one === 'string')
  return Number.isInteger(index) && typeof all === 'string' && isTexts(queues) && isTexts(jobtypes)
}

function paired(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] ?? '', flat[i + 1] ?? '')
  return map
}
