import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { machine } from './command.ts'

test('config check FILE finds nothing in a good file', () => {
  const { write, run } = machine()
  write('good.toml', '[server]\nmemory = 64\n')
  expect(run(['config', 'check', 'good.toml'])).toEqual({
    code: 0,
    stdout: 'all is well\n',
    stderr: '',
  })
})

test('a file that a server would take with a word is well', () => {
  const { write, run } = machine()
  write('cron.toml', '[[cron]]\nschedule = "@daily"\n')
  expect(run(['config', 'check', 'cron.toml'])).toEqual({
    code: 0,
    stdout: 'warning: cron.toml:1: [cron] is ignored: this version has no cron yet\nall is well\n',
    stderr: '',
  })
})

test('config check FILE tells all that is wrong in it, and exits 2', () => {
  const { write, run } = machine()
  write('bad.toml', '[server]\nmemory = 0\ndurability = "ful"\n')
  expect(run(['config', 'check', 'bad.toml'])).toEqual({
    code: 2,
    stdout:
      'problem: bad.toml:2: [server] memory is 0: it must be a number from 1 to 1000000, in MiB\n' +
      'problem: bad.toml:3: [server] durability is "ful": it must be full, strict, relaxed\n' +
      '2 problems\n',
    stderr: '',
  })
  write('broken.toml', '[server]\nbinding =\n')
  expect(run(['config', 'check', 'broken.toml'])).toMatchObject({
    code: 2,
    stdout: 'problem: broken.toml:2:10: invalid value: binding =\n1 problem\n',
  })
  expect(run(['config', 'check', 'none.toml'])).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^problem: none.toml cannot be read: ENOENT/),
  })
})

test('without a file it checks all that a server would read', () => {
  const { home, write, run } = machine()
  write('.jobmill/conf.d/a.toml', '[server]\nmemory = 64\n')
  expect(run(['config', 'check'])).toMatchObject({
    code: 0,
    stdout: 'read ~/.jobmill/conf.d/a.toml\nall is well\n',
  })
  mkdirSync(join(home, '.jobmill/conf.d/b.toml'))
  const { code, stdout } = run(['config', 'check', '-l', 'loud'])
  expect(code).toBe(2)
  expect(stdout).toMatch(/^problem: ~\/.jobmill\/conf.d\/b.toml is a folder, not a file/m)
  expect(stdout).toMatch(/^problem: -l is "loud"/m)
})

test('a server does not start with problems: it names them all and exits 2', () => {
  const { write, run } = machine()
  write('.jobmill/conf.d/a.toml', '[server]\nmemory = 0\n')
  write('.jobmill/conf.d/b.toml', '[web\n')
  const { code, stdout, stderr } = run(['-l', 'loud'], { FAKTORY_ENV: 'prod' })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.split('\n')).toEqual([
    'jobmill: FAKTORY_ENV is "prod": it must be development, staging, production',
    expect.stringMatching(/^jobmill: ~\/.jobmill\/conf.d\/b.toml:1:5: .*: \[web$/),
    expect.stringMatching(/^jobmill: ~\/.jobmill\/conf.d\/a.toml:2: \[server\] memory is 0/),
    'jobmill: -l is "loud": it must be debug, info, warn, error',
    '',
  ])
})

test.each([
  [['config', 'show', 'more']],
  [['config', 'chekc']],
  [['config']],
  [['config', 'check', 'a', 'b']],
  [['--unknown']],
])('%j is wrong usage', (args) => {
  expect(machine().run(args)).toMatchObject({ code: 2, stdout: '' })
})
