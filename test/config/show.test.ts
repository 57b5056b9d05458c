import { expect, test } from 'vitest'
import { machine } from './command.ts'

test('config show prints each value with where it came from, and no secret', () => {
  const { write, run } = machine()
  write('.jobmill/conf.d/10-jobs.toml', '[server]\nmemory = 64\n\n[web]\npassword = "geheim"\n')
  const { code, stdout, stderr } = run(['config', 'show', '-b=:7777'], {
    FAKTORY_PASSWORD: 'sesam',
    JOBMILL_LOG_LEVEL: 'warn',
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').map((line) => line.trimEnd().replace(/ {2,}/g, ' | '))).toEqual([
    '[server] binding | :7777 | -b',
    '[web] binding | localhost:7420 | default',
    '[server] proxy_protocol | false | default',
    '[server] data | ~/.jobmill/db | default',
    'JOBMILL_CONFIG | ~/.jobmill | default',
    'JOBMILL_ENV | development | default',
    '[server] log_level | warn | JOBMILL_LOG_LEVEL',
    '[server] durability | full | default',
    '[server] memory | 64 | ~/.jobmill/conf.d/10-jobs.toml:2',
    '[server] backup_every | off | default',
    '[server] backup_keep | 24 | default',
    '[server] database | default',
    '[server] database_direct | default',
    '[server] database_schema | jobmill | default',
    '[server] password | ******** | FAKTORY_PASSWORD',
    '[web] password | ******** | ~/.jobmill/conf.d/10-jobs.toml:5',
    '[web] readonly_password | (none) | default',
    '[web] readonly | false | default',
    '[web] url | default',
    '[web] title | default',
    '[web] hide | password,passwd,secret,token,api_key,authorization | default',
    '[server] recover_orphans | false | default',
    '[server] skip_password | false | default',
    '',
    'read ~/.jobmill/conf.d/10-jobs.toml',
    '',
  ])
})

test('config show --json is for programs', () => {
  const { home, write, run } = machine()
  write('.jobmill/conf.d/a.toml', '[faktory]\nmemory = 64\nlog-level = "x"\n')
  write('pw', 'sesam')
  const { code, stdout } = run(['config', 'show', '--json', '-d', 'jobs'], {
    JOBMILL_PASSWORD: `${home}/pw`,
    JOBMILL_SKIP_PASSWORD: 'yes',
  })
  const shown = JSON.parse(stdout) as { settings: object }
  expect(code).toBe(0)
  expect(shown).toMatchObject({
    files: ['~/.jobmill/conf.d/a.toml'],
    problems: [],
    warnings: [expect.stringMatching(/a.toml:3: there is no \[faktory\] log-level/)],
    settings: {
      'server.memory': {
        value: 64,
        from: { kind: 'file', name: '~/.jobmill/conf.d/a.toml', line: 2 },
      },
      'server.data': { value: '~/jobs', from: { kind: 'flag', name: '-d' } },
      'server.skip_password': { value: true, from: { name: 'JOBMILL_SKIP_PASSWORD' } },
      'server.password': { value: 'in ~/pw', from: { name: 'JOBMILL_PASSWORD' } },
      'web.password': { value: 'in ~/pw', from: { kind: 'default', name: 'the password' } },
    },
  })
  expect(stdout).not.toContain('sesam')
})

test('flags may stand before the subcommand too', () => {
  const { run } = machine()
  expect(run(['-l', 'debug', 'config', 'show']).stdout).toMatch(/log_level +debug +-l/)
})

test('with problems it shows what there is, and exits 2', () => {
  const { run } = machine()
  const { code, stdout } = run(['config', 'show', '-e', 'production', '-c', '.', '--memory=0'])
  expect(code).toBe(2)
  expect(stdout).toMatch(/JOBMILL_ENV +production +-e/)
  expect(stdout).toMatch(/^problem: --memory is "0": it must be a number from 1 to/m)
  expect(stdout).toMatch(/^problem: production needs a password: .* write it to ~\/password$/m)
})
