import { expect, test } from 'vitest'
import { normalized } from './arguments.ts'

test.each([
  ['-b=:7419', '-b :7419'],
  ['--b=:7419', '-b :7419'],
  ['--b :7419', '-b :7419'],
  ['-b :7419', '-b :7419'],
  ['-w=:0 -l=debug --e production', '-w :0 -l debug -e production'],
  ['-d=/a=b', '-d /a=b'],
  ['-c=', '-c '],
  ['--v', '-v'],
  ['--h', '-h'],
])('%s is Go’s way to say %s', (given, meant) => {
  expect(normalized(given.split(' '))).toEqual(meant.split(' '))
})

test('what is not Faktory’s stays', () => {
  const words = ['server', '--binding=:1', '--durability', 'full', '-x', '--', 'check', '-vv']
  expect(normalized(words)).toEqual(words)
})

test('a value of several lines stays whole', () => {
  expect(normalized(['-d=a\nb'])).toEqual(['-d', 'a\nb'])
})
