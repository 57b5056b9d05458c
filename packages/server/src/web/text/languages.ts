import { en, type Text } from './en.ts'
import { Format } from './format.ts'

export interface Language {
  readonly code: string
  readonly dir: 'ltr' | 'rtl'
  readonly text: Text
  readonly format: Format
}

const language = (code: string, text: Text, dir: 'ltr' | 'rtl' = 'ltr'): Language => ({
  code,
  dir,
  text,
  format: new Format(code),
})

export const ENGLISH = language('en', en)
export const LANGUAGES: readonly Language[] = [ENGLISH]

/**
 * The language of a request: what a cookie says, else the best of Accept-Language, else English.
 * @param wanted cookies' values, the first that is known counts   @param accept the header, '' for none
 */
export function chooseLanguage(wanted: readonly (string | undefined)[], accept: string): Language {
  const named = wanted.flatMap((code) => (code === undefined ? [] : [known(code)]))
  return named.find((one) => one !== undefined) ?? accepted(accept) ?? ENGLISH
}

const known = (code: string): Language | undefined =>
  LANGUAGES.find((one) => one.code === code.toLowerCase())

function accepted(header: string): Language | undefined {
  const wishes = header
    .split(',')
    .slice(0, 20)
    .map((wish) => {
      const [code = '', ...parameters] = wish.trim().split(';')
      const q = parameters.find((one) => one.trim().startsWith('q='))
      return { code, weight: q === undefined ? 1 : Number(q.trim().slice(2)) || 0 }
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
  for (const { code } of wishes) {
    const found = known(code) ?? known(code.replace(/-.*$/, ''))
    if (found !== undefined) return found
  }
  return undefined
}
