import { en, type Text } from '../../packages/server/src/web/text/en.ts'

const PLAIN = 'AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVvWwXxYyZz'
const ACCENTED = 'ÅåƁƀÇçÐðÉéƑƒĜĝĤĥÎîĴĵĶķĻļṀɱÑñÖöÞþǪǫŔŕŠšŢţÛûṼṽŴŵẊẋÝýŽž'

/** A text that is no English any more, 40 % longer or more, and marked at both ends. */
export function dressed(text: string): string {
  const accented = [...text].map((letter) => {
    const i = PLAIN.indexOf(letter)
    return i < 0 ? letter : [...ACCENTED][i]
  })
  // The marks are ten signs already; what is more breaks into lines as words do.
  const more = Math.max(0, Math.ceil((text.length * 0.4 - 10) / 5))
  return `[!!! ${accented.join('')}${' ~~~~'.repeat(more)} !!!]`
}

/** A language for tests: what is not marked on a page does not come from the language. */
export const pseudo = Object.fromEntries(
  Object.entries(en).map(([key, text]) => [
    key,
    typeof text === 'string'
      ? dressed(text)
      : (...args: unknown[]) => filled(text as (...all: unknown[]) => string, args),
  ]),
) as unknown as Text

/** The words that fill a text stay as they are: signs of no alphabet hold their places meanwhile. */
function filled(text: (...args: unknown[]) => string, args: readonly unknown[]): string {
  const sign = (i: number): string => String.fromCodePoint(0xe000 + i)
  const held = args.map((arg, i) => (typeof arg === 'string' ? sign(i) : arg))
  const result = dressed(text(...held))
  return args.reduce<string>(
    (all, arg, i) => (typeof arg === 'string' ? all.replaceAll(sign(i), arg) : all),
    result,
  )
}
