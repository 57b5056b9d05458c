const FIRST_CAPACITY = 16

/** A first-in-first-out list of objects in one array that grows and shrinks by doubling. */
export class Ring<T extends object> {
  #items: (T | undefined)[] = new Array<T | undefined>(FIRST_CAPACITY).fill(undefined)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  first(): T | undefined {
    return this.#items[this.#head]
  }

  last(): T | undefined {
    return this.#length === 0 ? undefined : this.at(this.#length - 1)
  }

  /** The item at a distance from the front, which must not be past the end. */
  at(index: number): T | undefined {
    return this.#items[(this.#head + index) & (this.#items.length - 1)]
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#resize(this.#items.length * 2)
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item
    this.#length += 1
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (this.#length === 0) return undefined
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#length -= 1
    if (this.#items.length > FIRST_CAPACITY && this.#length < this.#items.length >> 2) {
      this.#resize(this.#items.length >> 1)
    }
    return item
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.#length; i += 1) {
      const item = this.#items[(this.#head + i) & (this.#items.length - 1)]
      if (item !== undefined) yield item
    }
  }

  #resize(capacity: number): void {
    const items = new Array<T | undefined>(capacity).fill(undefined)
    for (let i = 0; i < this.#length; i += 1) {
      items[i] = this.#items[(this.#head + i) & (this.#items.length - 1)]
    }
    this.#items = items
    this.#head = 0
  }
}

/** A first-in-first-out list of numbers, 8 to 16 bytes each, in one typed array. */
export class NumberRing {
  #items = new Float64Array(FIRST_CAPACITY)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The number at a distance from the front; 0 past the end. */
  at(index: number): number {
    if (index >= this.#length) return 0
    return this.#items[(this.#head + index) & (this.#items.length - 1)] ?? 0
  }

  push(value: number): void {
    if (this.#length === this.#items.length) this.#resize(this.#items.length * 2)
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = value
    this.#length += 1
  }

  /** Adds many at once, in their order. */
  append(values: ArrayLike<number>): void {
    let capacity = this.#items.length
    while (capacity < this.#length + values.length) capacity *= 2
    if (capacity !== this.#items.length) this.#resize(capacity)
    const mask = this.#items.length - 1
    for (let i = 0; i < values.length; i += 1) {
      this.#items[(this.#head + this.#length + i) & mask] = values[i] ?? 0
    }
    this.#length += values.length
  }

  /** Takes so many off the front. */
  drop(count: number): void {
    const gone = Math.min(count, this.#length)
    this.#head = (this.#head + gone) & (this.#items.length - 1)
    this.#length -= gone
    let capacity = this.#items.length
    while (capacity > FIRST_CAPACITY && this.#length < capacity >> 2) capacity >>= 1
    if (capacity !== this.#items.length) this.#resize(capacity)
  }

  #resize(capacity: number): void {
    const items = new Float64Array(capacity)
    const untilEnd = Math.min(this.#length, this.#items.length - this.#head)
    items.set(this.#items.subarray(this.#head, this.#head + untilEnd))
    items.set(this.#items.subarray(0, this.#length - untilEnd), untilEnd)
    this.#items = items
    this.#head = 0
  }
}
