import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  faktorysVariableOf,
  variableOf,
  type Setting,
} from '../../packages/server/src/config/setting.ts'
import { SETTING_NAMES, SETTINGS } from '../../packages/server/src/config/table.ts'
import { machine } from './command.ts'
import { settingsTable } from './page.ts'

const PAGE = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

// When this fails, put the table that it prints into the page.
test('docs/configuration.md has the table of settings', () => {
  expect(settingsTable().split('\n')).toHaveLength(SETTING_NAMES.length + 2)
  expect(PAGE).toContain(settingsTable())
})

test('its examples are sound', () => {
  const examples = [...PAGE.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  expect(examples).not.toEqual([])
  const { write, run } = machine()
  for (const example of examples) {
    write('example.toml', example)
    expect(run(['config', 'check', 'example.toml']).stdout).toBe('all is well\n')
  }
})

test('--help tells every flag and every variable', () => {
  const { code, stdout } = machine().run(['--help'])
  expect(code).toBe(0)
  const missing = Object.values<Setting<unknown>>(SETTINGS)
    .flatMap((one) => [...(one.flag?.split(', ') ?? []), variableOf(one), faktorysVariableOf(one)])
    .filter((name) => name !== undefined && !stdout.includes(name))
  expect(missing).toEqual([])
})
