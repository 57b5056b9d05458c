import { describe, expect, test } from 'vitest'
import { Fields, isObject } from './fields.ts'

const setup = (json: string): Fields => {
  const value: unknown = JSON.parse(json)
  if (!isObject(value)) throw new Error('the test needs an object')
  return new Fields(value)
}

test('an object is neither a list nor null', () => {
  expect([{}, [], null, 'x', 1, undefined].map(isObject)).toEqual([
    true, false, false, false, false, false,
  ]) // prettier-ignore
})

describe('names', () => {
  test('may be in any case', () => {
    expect(setup('{"errType":"E"}').text('errtype')).toBe('E')
    expect(setup('{"ERRTYPE":"E"}').text('errtype')).toBe('E')
  })

  test('the exact one is preferred, wherever it stands', () => {
    expect(setup('{"JID":"a","jid":"b"}').text('jid')).toBe('b')
    expect(setup('{"jid":"b","JID":"a"}').text('jid')).toBe('b')
    expect(setup('{"JID":"a","jid":null}').text('jid')).toBe('')
  })

  test('of an object’s prototype are no members', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'valueOf']) {
      const fields = setup('{"a":1}')
      expect(fields.text(name)).toBe('')
      expect(fields.wrong).toBeUndefined()
    }
    expect(setup('{"__proto__":{"jid":"x"}}').text('jid')).toBe('')
  })
})

test('null is absent', () => {
  const fields = setup('{"a":null}')
  expect([fields.text('a'), fields.integer('a'), fields.texts('a'), fields.object('a')]).toEqual([
    '',
    undefined,
    [],
    undefined,
  ])
  expect(fields.wrong).toBeUndefined()
})

test('a null in a list of strings is an empty one', () => {
  expect(setup('{"a":["x",null]}').texts('a')).toEqual(['x', ''])
})

describe('a wrong type is told', () => {
  test.each<[string, (fields: Fields) => unknown, string]>([
    ['{"a":1}', (fields) => fields.text('a'), 'a must be a string'],
    ['{"A":[]}', (fields) => fields.text('a'), 'a must be a string'],
    ['{"a":"1"}', (fields) => fields.integer('a'), 'a must be an integer'],
    ['{"a":1.5}', (fields) => fields.integer('a'), 'a must be an integer'],
    ['{"a":true}', (fields) => fields.integer('a'), 'a must be an integer'],
    ['{"a":1e400}', (fields) => fields.integer('a'), 'a must be an integer'],
    ['{"a":12345678901234567890}', (fields) => fields.integer('a'), 'a must be an integer'],
    ['{"a":"x"}', (fields) => fields.texts('a'), 'a must be a list of strings'],
    ['{"a":["x",1]}', (fields) => fields.texts('a'), 'a must be a list of strings'],
    ['{"a":{"0":"x"}}', (fields) => fields.texts('a'), 'a must be a list of strings'],
    ['{"a":[]}', (fields) => fields.object('a'), 'a must be an object'],
  ])('%s', (json, get, wrong) => {
    const fields = setup(json)
    get(fields)
    expect(fields.wrong).toBe(wrong)
  })

  test('the first counts', () => {
    const fields = setup('{"a":1,"b":2}')
    fields.text('b')
    fields.text('a')
    expect(fields.wrong).toBe('b must be a string')
  })
})
