import * as v from 'valibot'
import { expect, test } from 'vitest'
import {
  between,
  binding,
  count,
  every,
  folder,
  oneOf,
  secret,
  yesOrNo,
  type Kind,
} from './kinds.ts'

const read = (kind: Kind<unknown>, value: unknown): unknown => {
  const result = v.safeParse(kind.schema, value)
  return result.success ? result.output : 'refused'
}

test.each([
  [32, 32],
  ['32', 32],
  [' 32 ', 32],
  [1, 1],
  [64, 64],
  [1.5, 1.5],
  [0, 'refused'],
  [65, 'refused'],
  [-1, 'refused'],
  [NaN, 'refused'],
  [Infinity, 'refused'],
  ['', 'refused'],
  ['1.2.3', 'refused'],
  ['0x10', 'refused'],
  ['32 MiB', 'refused'],
  [true, 'refused'],
  [[32], 'refused'],
])('between 1 and 64, %o is %o', (value, expected) => {
  expect(read(between(1, 64, 'MiB'), value)).toBe(expected)
})

test('a number is given in the setting’s own unit', () => {
  expect(read(between(1, 64, 'MiB', 1024 * 1024), 2)).toBe(2_097_152)
})

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['1h', 3_600_000],
  ['off', 0],
  ['0h', 'refused'],
  ['1.5h', 'refused'],
  ['1d', 'refused'],
  ['60', 'refused'],
  [60, 'refused'],
  ['', 'refused'],
])('every %o is %o', (value, expected) => {
  expect(read(every, value)).toBe(expected)
})

test.each([
  [24, 24],
  ['24', 24],
  [0, 'refused'],
  ['0', 'refused'],
  [1.5, 'refused'],
  ['-1', 'refused'],
  ['all', 'refused'],
])('a count of %o is %o', (value, expected) => {
  expect(read(count, value)).toBe(expected)
})

test.each([
  [true, true],
  [false, false],
  ['YES', true],
  ['1', true],
  ['on', true],
  ['off', false],
  ['0', false],
  ['', false],
  ['ture', 'refused'],
  [1, 'refused'],
])('yes or no: %o is %o', (value, expected) => {
  expect(read(yesOrNo, value)).toBe(expected)
})

test.each([
  [':7419', [{ host: '', port: 7419 }]],
  ['0.0.0.0:7419', [{ host: '0.0.0.0', port: 7419 }]],
  ['[::1]:0', [{ host: '::1', port: 0 }]],
  ['jobs.example:65535', [{ host: 'jobs.example', port: 65_535 }]],
  [':0', [{ host: '', port: 0 }]],
  [':65536', 'refused'],
  ['7419', 'refused'],
  [7419, 'refused'],
  ['localhost', 'refused'],
  ['::1:7419', 'refused'],
  ['', 'refused'],
])('a binding: %o is %o', (value, expected) => {
  expect(read(binding(), value)).toEqual(expected)
})

test('localhost is the loopback address of IPv4, and of IPv6 where there is one', () => {
  const addresses = read(binding(), 'localhost:1')
  expect(addresses).toContainEqual({ host: '127.0.0.1', port: 1 })
})

test('what stands for nowhere is no address', () => {
  expect(read(binding(':0'), ':0')).toEqual([])
})

test('one of some words, exactly so', () => {
  const kind = oneOf(['info', 'warn'])
  expect(kind.allowed).toBe('info, warn')
  expect([read(kind, 'warn'), read(kind, 'WARN'), read(kind, '')]).toEqual([
    'warn',
    'refused',
    'refused',
  ])
})

test('a folder has a name; a secret may be empty, but is text', () => {
  expect([read(folder, '/a'), read(folder, '')]).toEqual(['/a', 'refused'])
  expect([read(secret, ''), read(secret, 12)]).toEqual(['', 'refused'])
})
