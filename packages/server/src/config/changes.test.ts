import { expect, test } from 'vitest'
import { changesBetween } from './changes.ts'
import { readConfiguration, type Flags, type Variables } from './settings.ts'

const told = (flags: Flags, variables: Variables = {}) =>
  readConfiguration({ config: '/nowhere', ...flags }, variables, '/nowhere').told

test('the same settings are no change, however they are written', () => {
  const running = told({ memory: '32' }, { JOBMILL_PASSWORD: 'p' })
  expect(changesBetween(running, told({ memory: '32.0' }, { FAKTORY_PASSWORD: 'p' }))).toEqual({
    running,
    applied: [],
    waiting: [],
  })
})

test('what can change does, and the rest waits, now and at the next look', () => {
  const running = told({})
  const next = told({ logLevel: 'warn', memory: '64', webBinding: ':0' })
  const first = changesBetween(running, next)
  expect(first.applied).toEqual([
    '[web] binding: localhost:7420 → :0 (-w)',
    '[server] log_level: info → warn (-l)',
  ])
  const waiting = ['[server] memory: 32 → 64 (--memory)']
  expect(first.waiting).toEqual(waiting)
  expect(first.running.logLevel.value).toBe('warn')
  expect(first.running.memoryBytes.value).toBe(32 * 1024 * 1024)
  expect(changesBetween(first.running, next)).toMatchObject({ applied: [], waiting })
})

test('a new password is told, but not which', () => {
  const change = (from: string, to: string): readonly string[] =>
    changesBetween(
      told({}, { JOBMILL_PASSWORD: from, JOBMILL_WEB_PASSWORD: 'w' }),
      told({}, { JOBMILL_PASSWORD: to, JOBMILL_WEB_PASSWORD: 'w' }),
    ).applied
  expect(change('one', 'two')).toEqual(['[server] password: a new one (JOBMILL_PASSWORD)'])
  expect(change('', 'two')).toEqual(['[server] password: (none) → ******** (JOBMILL_PASSWORD)'])
})

test('what no file can say goes by the name of its variable', () => {
  const { waiting } = changesBetween(told({}), told({ environment: 'staging', data: '/x' }))
  expect(waiting).toEqual([
    '[server] data: /nowhere/.jobmill/db → /x (-d)',
    'JOBMILL_ENV: development → staging (-e)',
  ])
})
