import { de } from './de.ts'
import { en, type Text } from './en.ts'
import { Format } from './format.ts'

export interface Language {
  /** In small letters. */
  readonly code: string
  readonly dir: 'ltr' | 'rtl'
  readonly text: Text
  readonly format: Format
}

/** Puts a language together. @param code as in Accept-Language */
export const language = (code: string, text: Text, dir: 'ltr' | 'rtl' = 'ltr'): Language => ({
  code,
  dir,
  text,
  format: new Format(code),
})

/** The first is for readers of none. */
export const LANGUAGES: readonly Language[] = [language('en', en), language('de', de)]

/** Wishes that are looked at. */
const WISHES_MAX = 20

/**
 * The language of a request: what a cookie says, else the best of Accept-Language, else the first.
 * Each wish is tried with its region and without, before the next is.
 * @param wanted cookies' values, the first that is known counts   @param accept the header, '' for none
 * Source: RFC 4647, section 3.4
 */
export function chooseLanguage(
  wanted: readonly (string | undefined)[],
  accept: string,
  languages: readonly Language[],
): Language {
  const wishes = [...wanted.map((code) => code ?? ''), ...accepted(accept)]
  for (const wish of wishes) {
    for (const code of [wish.toLowerCase(), wish.toLowerCase().replace(/-.*$/, '')]) {
      const found = languages.find((one) => one.code === code)
      if (found !== undefined) return found
    }
  }
  const [first] = languages
  if (first === undefined) throw new Error('there are no languages')
  return first
}

/** The codes of a header, the most wanted first. */
function accepted(header: string): string[] {
  return header
    .split(',')
    .slice(0, WISHES_MAX)
    .map((wish) => {
      const [code = '', ...parameters] = wish.split(';').map((part) => part.trim())
      const q = parameters.find((one) => one.startsWith('q='))
      return { code, weight: q === undefined ? 1 : Number(q.slice(2)) || 0 }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ code }) => code)
}
