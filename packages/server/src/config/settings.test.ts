import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { LOG_LEVELS } from '../log-level.ts'
import { readConfiguration, readDataFolder, SettingsError } from './settings.ts'
import type { Flags, Variables } from './settings.ts'

/** A home folder with these files in it, by path. */
function setup(files: Readonly<Record<string, string>> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'jobmill-settings-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  const shorter = (text: string): string => text.replaceAll(home, '~')
  return {
    home,
    read: (flags: Flags = {}, variables: Variables = {}) =>
      readConfiguration(flags, variables, home),
    problems: (flags: Flags = {}, variables: Variables = {}) =>
      readConfiguration(flags, variables, home).problems.map(shorter),
    warnings: (flags: Flags = {}, variables: Variables = {}) =>
      readConfiguration(flags, variables, home).settings.warnings.map(shorter),
  }
}

test('without a word all is set, and nothing is wrong', () => {
  const { home, read } = setup()
  const { settings, problems, files } = read()
  expect(settings).toMatchObject({
    environment: 'development',
    logLevel: 'info',
    durability: 'full',
    memoryBytes: 32 * 1024 * 1024,
    dataFolder: join(home, '.jobmill/db'),
    configFolder: join(home, '.jobmill'),
    password: '',
    webPassword: '',
    warnings: [],
  })
  expect(settings.bindings).toContainEqual({ host: '127.0.0.1', port: 7419 })
  expect(settings.webBindings).toContainEqual({ host: '127.0.0.1', port: 7420 })
  expect({ problems, files }).toEqual({ problems: [], files: [] })
})

test('flags beat variables, variables beat files, files beat defaults', () => {
  const { read } = setup({ '.jobmill/conf.d/a.toml': '[server]\nlog_level = "debug"' })
  const variables = { JOBMILL_LOG_LEVEL: 'warn' }
  expect(read().told.logLevel).toMatchObject({
    value: 'debug',
    origin: { kind: 'file', line: 2 },
  })
  expect(read({}, variables).told.logLevel).toEqual({
    value: 'warn',
    shown: 'warn',
    origin: { kind: 'variable', name: 'JOBMILL_LOG_LEVEL' },
  })
  expect(read({ logLevel: 'error' }, variables).told.logLevel).toEqual({
    value: 'error',
    shown: 'error',
    origin: { kind: 'flag', name: '-l' },
  })
})

test('files are merged, and the later name counts', () => {
  const { home, read } = setup({
    '.jobmill/conf.d/20-b.toml': '[server]\nmemory = 64\n',
    '.jobmill/conf.d/10-a.toml': '[server]\nmemory = 48\ndurability = "strict"\n',
    '.jobmill/conf.d/3.toml': '[web]\nbinding = ":0"\n',
  })
  const { settings, told, files } = read()
  expect(settings).toMatchObject({ memoryBytes: 64 * 1024 * 1024, durability: 'strict' })
  expect(settings.webBindings).toEqual([])
  expect(told.memoryBytes.origin).toEqual({
    kind: 'file',
    name: join(home, '.jobmill/conf.d/20-b.toml'),
    line: 2,
  })
  expect(files.map((path) => path.slice(-7))).toEqual(['-a.toml', '-b.toml', '/3.toml'])
})

test('[faktory] is [server] by another name; in one file ours counts', () => {
  const { read, warnings } = setup({
    '.jobmill/conf.d/a.toml': '[server]\nmemory = 1\n[faktory]\nmemory = 2\nlog_level = "warn"\n',
  })
  expect(read().settings).toMatchObject({ memoryBytes: 1024 * 1024, logLevel: 'warn' })
  expect(warnings()).toEqual([
    '~/.jobmill/conf.d/a.toml:4: [faktory] and [server] differ in memory: line 2 counts',
  ])
})

test('all problems come together, with file, line, value and what it must be', () => {
  const { problems } = setup({
    '.jobmill/conf.d/a.toml':
      '[server]\nmemory = 0\nbinding = 7419\nlog_level = "loud"\npassword = 5\n',
    '.jobmill/conf.d/b.toml': '[web\n',
    '.jobmill/conf.d/c.toml': '[[server]]\nmemory = 1\n',
    '.jobmill/conf.d/d.toml': 'server = 3\n[web]\nbinding = [":1"]\n',
    '.jobmill/conf.d/e.toml': '[faktory]\nenv = "production"\nconfig = "/x"\n',
  })
  const address = 'it must be host:port, for example localhost:7419, :7419 or [::1]:7419'
  expect(problems({ durability: 'none' }, { JOBMILL_WEB_BINDING: '7420' })).toEqual([
    expect.stringMatching(/^~\/.jobmill\/conf.d\/b.toml:1:\d+: .*: \[web$/),
    '~/.jobmill/conf.d/a.toml:2: [server] memory is 0: it must be a number from 1 to 1000000, in MiB',
    `~/.jobmill/conf.d/a.toml:3: [server] binding is 7419: ${address}`,
    '~/.jobmill/conf.d/a.toml:4: [server] log_level is "loud": it must be debug, info, warn, error',
    '~/.jobmill/conf.d/a.toml:5: [server] password is not text: it must be text in quotes',
    '~/.jobmill/conf.d/c.toml:1: [[server]] is a list of tables: write [server]',
    '~/.jobmill/conf.d/d.toml:1: server is a table: write [server] and its keys below',
    `~/.jobmill/conf.d/d.toml:3: [web] binding is [":1"]: ${address}; or :0 for none`,
    '~/.jobmill/conf.d/e.toml:2: [faktory] env cannot be said in a file, for it decides which files are read',
    '~/.jobmill/conf.d/e.toml:3: [faktory] config cannot be said in a file, for it decides which files are read',
    `JOBMILL_WEB_BINDING is "7420": ${address}; or :0 for none`,
    '--durability is "none": it must be full, strict, relaxed',
  ])
})

test('what nobody knows warns with the nearest known name', () => {
  const { warnings, problems } = setup({
    '.jobmill/conf.d/a.toml': `bindign = ":1"
[server]
log-level = "info"
[web]
bind = ":1"
tls.cert = "x"
[serveur]
memory = 1
binding = ":1"
`,
  })
  const at = '~/.jobmill/conf.d/a.toml'
  expect(
    warnings({}, { JOBMILL_LOGLEVEL: 'x', JOBMILL_SERVICE_HOST: '1', constructor: 'x' }),
  ).toEqual([
    'there is no variable JOBMILL_LOGLEVEL: JOBMILL_LOG_LEVEL is meant?',
    `${at}:1: bindign stands above all tables: it is ignored; the nearest known one is [server] binding or [web] binding`,
    `${at}:3: there is no [server] log-level: it is ignored; the nearest known one is [server] log_level`,
    `${at}:5: there is no [web] bind: it is ignored; the nearest known one is [web] binding`,
    `${at}:6: there is no [web] tls.cert: it is ignored; the nearest known one is [web] password`,
    `${at}:7: there is no table [serveur]: it is ignored; the nearest known one is [server]`,
  ])
  expect(problems()).toEqual([])
})

test('what belongs to Faktory’s other features is named once a file, and stops nothing', () => {
  const { warnings, problems } = setup({
    '.faktory/conf.d/cron.toml':
      '[[cron]]\nschedule = "* * * * *"\n[cron.job]\ntype = "A"\n[[cron]]\n',
    '.faktory/conf.d/throttles.toml': '[throttles]\na = { concurrency = 4 }\nb = { worker = 5 }\n',
    '.faktory/conf.d/z.toml': '[queues]\nbackpressure = { default = 5 }\n[security.tls]\n',
  })
  expect(warnings({}, { FAKTORY2_PREVIEW: '1', FAKTORY_URL: 'tcp://x:1' })).toEqual([
    'FAKTORY2_PREVIEW is set: it has no effect, as in Faktory',
    '~/.faktory/conf.d/cron.toml:1: [cron] is ignored: this version has no cron yet',
    '~/.faktory/conf.d/throttles.toml:1: [throttles] is ignored: this version has no throttles yet',
    '~/.faktory/conf.d/z.toml:1: [queues] is ignored: Faktory does not read it either',
    expect.stringContaining('z.toml:3: [security] is ignored'),
  ])
  expect(problems()).toEqual([])
})

test('Faktory’s names for variables work; ours win, with a warning where they differ', () => {
  const { home, read, warnings } = setup()
  const both = { FAKTORY_PASSWORD: 'theirs', JOBMILL_PASSWORD: 'ours' }
  expect(read({}, { FAKTORY_PASSWORD: 'theirs' }).settings.password).toBe('theirs')
  expect(read({}, both).settings.password).toBe('ours')
  expect(warnings({}, both)).toEqual([
    'JOBMILL_PASSWORD and FAKTORY_PASSWORD differ: the first counts',
  ])
  expect(warnings({}, { FAKTORY_PASSWORD: 'same', JOBMILL_PASSWORD: 'same' })).toEqual([])
  const production = { FAKTORY_ENV: 'production', FAKTORY_SKIP_PASSWORD: 'yes' }
  expect(read({ config: home }, production).problems).toEqual([])
})

test('an empty variable says nothing, but of a password that there is none', () => {
  const { read } = setup({ '.jobmill/conf.d/a.toml': '[server]\npassword = "p"\nmemory = 2\n' })
  const { settings, problems } = read(
    {},
    { JOBMILL_MEMORY: '', FAKTORY_ENV: '', FAKTORY_PASSWORD: '', JOBMILL_SKIP_PASSWORD: '' },
  )
  expect(problems).toEqual([])
  expect(settings).toMatchObject({ memoryBytes: 2 * 1024 * 1024, password: '' })
})

test('outside development a password is needed, unless it is skipped', () => {
  const { home, problems } = setup({ 'etc/conf.d/a.toml': '[web]\npassword = "w"' })
  const flags = { environment: 'staging', config: join(home, 'etc') }
  const needed = expect.stringMatching(
    /^staging needs a password: set JOBMILL_PASSWORD .*~\/etc\/password$/,
  )
  expect(problems(flags)).toEqual([needed])
  expect(problems(flags, { FAKTORY_PASSWORD: '' })).toEqual([needed])
  expect(problems({ ...flags, skipPassword: true })).toEqual([])
  expect(problems(flags, { FAKTORY_PASSWORD: 'x' })).toEqual([])
})

test('a password may lie in a file, and one newline at its end is not a part of it', () => {
  const { home, read, problems } = setup({
    pw: ' from file \n',
    empty: '\n',
    'etc/password': 'installed\n',
    'etc/conf.d/a.toml': '[web]\npassword = "geheim"\n',
  })
  const password = (value: string): string =>
    read({}, { JOBMILL_PASSWORD: value }).settings.password
  expect(password(join(home, 'pw'))).toBe('from file')
  expect(password('p@ss:wörd/%\n')).toBe('p@ss:wörd/%')
  expect(password(' blanks \n\n')).toBe(' blanks \n')
  expect(problems({}, { JOBMILL_PASSWORD: join(home, 'empty') })).toEqual([
    'JOBMILL_PASSWORD: the password file ~/empty is empty',
  ])
  expect(problems({}, { JOBMILL_PASSWORD: join(home, 'none') })).toEqual([
    expect.stringMatching(/^JOBMILL_PASSWORD: the password file ~\/none cannot be read: ENOENT/),
  ])
  const { told } = read({ environment: 'production', config: join(home, 'etc') })
  expect(told.password).toMatchObject({
    value: 'installed',
    shown: '********',
    origin: { kind: 'file', name: join(home, 'etc/password') },
  })
  expect(told.webPassword).toMatchObject({ value: 'geheim', shown: '********' })
})

test('HTTP has the password of the server, unless it has its own, or explicitly none', () => {
  const { read } = setup()
  const web = (variables: Variables): string => read({}, variables).settings.webPassword
  expect(web({ JOBMILL_PASSWORD: 'a' })).toBe('a')
  expect(web({ JOBMILL_PASSWORD: 'a', JOBMILL_WEB_PASSWORD: 'b' })).toBe('b')
  expect(web({ JOBMILL_PASSWORD: 'a', JOBMILL_WEB_PASSWORD: '' })).toBe('')
})

test('Faktory’s folder is read while ours holds no configuration', () => {
  const { home, read, warnings } = setup({
    '.faktory/conf.d/a.toml': '[faktory]\nmemory = 3\n',
    '.jobmill/db/jobmill.db': '',
  })
  expect(read().settings.memoryBytes).toBe(3 * 1024 * 1024)
  mkdirSync(join(home, '.jobmill/conf.d'))
  expect(read().settings.configFolder).toBe(join(home, '.jobmill'))
  expect(warnings()).toEqual(['~/.faktory is not read, for ~/.jobmill holds configuration too'])
})

test('a folder in a file or a variable may start with a tilde', () => {
  const { home, read } = setup({ '.jobmill/conf.d/a.toml': '[server]\ndata = "~/jobs"\n' })
  expect(read().settings.dataFolder).toBe(join(home, 'jobs'))
  expect(readDataFolder({}, {}, home)).toBe(join(home, 'jobs'))
  expect(read({}, { JOBMILL_DATA: '/a~/b' }).settings.dataFolder).toBe('/a~/b')
})

test('a folder that is named and does not exist is worth a word', () => {
  expect(setup().warnings({ config: '/nowhere/at/all' })).toEqual([
    '-c names /nowhere/at/all, which does not exist',
  ])
})

test('data in Faktory’s folder is used, and two folders of data are a problem', () => {
  const { home, read, problems } = setup({ '.faktory/db/jobmill.db': '', '.jobmill/db/other': '' })
  expect(read().settings.dataFolder).toBe(join(home, '.faktory/db'))
  writeFileSync(join(home, '.jobmill/db/jobmill.db'), '')
  const both =
    'both ~/.jobmill/db and ~/.faktory/db hold a jobmill.db: say with -d which of them is meant'
  expect(problems()).toEqual([both])
  expect(problems({ data: '~/.jobmill/db' })).toEqual([])
  expect(() => readDataFolder({}, {}, home)).toThrow(SettingsError)
})

test('whoever says something last and strongest counts, whatever the others say', () => {
  const level = fc.option(fc.constantFrom(...LOG_LEVELS), { nil: undefined })
  const { home, read } = setup({ '.jobmill/conf.d/a.toml': '' })
  const file = (name: string, table: string, said: string | undefined): void => {
    const text = said === undefined ? '' : `[${table}]\nlog_level = "${said}"\n`
    writeFileSync(join(home, '.jobmill/conf.d', name), text)
  }
  fc.assert(
    fc.property(level, level, level, level, (first, second, variable, flag) => {
      file('a.toml', 'server', first)
      file('b.toml', 'faktory', second)
      const { told, problems } = read(
        flag === undefined ? {} : { logLevel: flag },
        variable === undefined ? {} : { JOBMILL_LOG_LEVEL: variable },
      )
      expect(told.logLevel.value).toBe(flag ?? variable ?? second ?? first ?? 'info')
      expect(problems).toEqual([])
    }),
  )
})

test('the data folder alone needs no password', () => {
  const { home } = setup()
  expect(readDataFolder({ environment: 'production', data: '/x', config: home }, {}, home)).toBe(
    '/x',
  )
})
