import { expect, test } from 'vitest'
import { en, type Text } from './en.ts'
import { chooseLanguage, language, LANGUAGES } from './languages.ts'

test.each([
  ['', 'en'],
  ['*', 'en'],
  ['fr', 'en'],
  ['de', 'de'],
  ['DE', 'de'],
  ['de-AT', 'de'],
  ['de-AT,de;q=0.9,en;q=0.8', 'de'],
  ['fr-FR,fr;q=0.9,de;q=0.8,en;q=0.7', 'de'],
  ['en;q=0.4,de;q=0.8', 'de'],
  ['en-US,de-DE;q=0.8,de;q=0.6', 'en'],
  ['de;q=0,en', 'en'],
  ['de;q=0', 'en'],
  ['de;q=much', 'en'],
  [' de ; q=1.0 , en ; q=0.5 ', 'de'],
  [',,;q=1,', 'en'],
  [`${'x,'.repeat(20)}de`, 'en'],
])('Accept-Language %j gives %s', (header, code) => {
  expect(chooseLanguage([], header, LANGUAGES).code).toBe(code)
})

// The first three as in Faktory. The last not: there `sv`, because that is written as a file is
// named; who reads American English first is here given English.
test.each([
  ['zh-CN,zh;q=0.8', 'zh-cn'],
  ['pt-PT', 'pt'],
  ['*', 'en'],
  ['en-US,sv-SE;q=0.8,sv;q=0.6,en;q=0.4', 'en'],
])('of many languages %j gives %s', (header, code) => {
  const many = ['en', 'pt', 'pt-br', 'sv', 'zh-cn', 'zh-tw'].map((one) => language(one, en))
  expect(chooseLanguage([], header, many).code).toBe(code)
})

test.each([
  [['de'], 'de'],
  [['de', 'en'], 'de'],
  [[undefined, 'de'], 'de'],
  [['../../etc', 'de'], 'de'],
  [['fr', undefined], 'en'],
])('cookies %j come before a header that says English: %s', (wanted, code) => {
  expect(chooseLanguage(wanted, 'en', LANGUAGES).code).toBe(code)
})

/** Stands for a word, a number or a Format alike, and shows where a text says it. */
const marker = (i: number) => ({ number: String, toString: () => `{${i}}` })

function said(text: Text[keyof Text]): string {
  if (typeof text === 'string') return text
  const markers = Array.from({ length: text.length }, (_, i) => marker(i))
  // Whatever an argument is, texts only write it, by themselves or by f.number.
  return (text as (...args: unknown[]) => string)(...markers)
}

const others = LANGUAGES.filter(({ code }) => code !== 'en')
test.each(others.map(({ code, text }) => [code, text] as const))(
  '%s has a text for all that English has, with the same facts in it',
  (_, text) => {
    expect(Object.keys(text)).toEqual(Object.keys(en))
    const facts = (one: string): string[] => (one.match(/\{\d\}/g) ?? []).toSorted()
    for (const key of Object.keys(en) as (keyof Text)[]) {
      const [ours, english] = [said(text[key]), said(en[key])]
      expect([key, facts(ours)]).toEqual([key, facts(english)])
      expect([key, ours]).toEqual([key, ours.trim()])
      expect([key, ours.length > 0]).toEqual([key, true])
    }
  },
)

test('a number is written as the language does', () => {
  const german = LANGUAGES.find(({ code }) => code === 'de')
  if (german === undefined) throw new Error('there is no German')
  const { text, format } = german
  expect(text.doneRetry(1, format)).toBe('1 Job wieder eingereiht.')
  expect(text.doneRetry(1204, format)).toBe('1.204 Jobs wieder eingereiht.')
  expect(format.duration(8200)).toBe('8,2 s')
  expect(format.bytes(1536)).toBe('1,5 KB')
  expect(format.bytes(12)).toBe('12 B')
})
