// Whole numbers as short printable text that stands in JSON as it is: five bits a character, the
// sixth says that more follow. Small numbers, of which there are most, take one character.

const FIRST = 35
const BACKSLASH = 92
const MORE = 32

/** Numbers of 0 to 2^53 as text. */
export function pack(numbers: readonly number[]): string {
  const codes: number[] = []
  for (const number of numbers) {
    let rest = number
    while (rest >= MORE) {
      codes.push(codeOf((rest % MORE) + MORE))
      rest = Math.floor(rest / MORE)
    }
    codes.push(codeOf(rest))
  }
  let text = ''
  for (let i = 0; i < codes.length; i += 4096) {
    text += String.fromCharCode(...codes.slice(i, i + 4096))
  }
  return text
}

const codeOf = (six: number): number => {
  const code = FIRST + six
  return code < BACKSLASH ? code : code + 1
}

/** Reads what `pack` wrote, a number at a time. */
export class Unpacker {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get ended(): boolean {
    return this.#at >= this.#text.length
  }

  /** 0 after the end. */
  next(): number {
    let number = 0
    let factor = 1
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at)
      this.#at += 1
      const six = (code > BACKSLASH ? code - 1 : code) - FIRST
      if (six < MORE) return number + six * factor
      number += (six - MORE) * factor
      factor *= MORE
    }
    return number
  }
}
