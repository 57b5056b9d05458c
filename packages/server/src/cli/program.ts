import { Command, CommanderError } from 'commander'
import {
  readConfiguration,
  readDataFolder,
  SettingsError,
  type Configuration,
  type Flags,
} from '../config/settings.ts'
import { faktorysVariableOf, variableOf, type Setting } from '../config/setting.ts'
import { SETTINGS } from '../config/table.ts'
import { VERSION } from '../server.ts'
import { normalized } from './arguments.ts'
import { backup } from './backup.ts'
import { check } from './check.ts'
import { checkConfig, showConfig } from './config.ts'
import { withEphemeral } from './ephemeral.ts'
import { migrate } from './migrate.ts'
import { restoreFrom } from './restore.ts'
import { serve } from './serve.ts'
import { transferBetween } from './transfer.ts'

/** 0 done · 1 failed, refused, or `check` found something · 2 wrong usage or settings. */
export type ExitCode = 0 | 1 | 2

/** Runs the command line. @returns the exit code, once there is nothing left to do */
export async function runCommand(argv: readonly string[]): Promise<ExitCode> {
  const run: { code: ExitCode } = { code: 0 }
  try {
    await programOf(run).parseAsync(normalized(argv), { from: 'user' })
    return run.code
  } catch (error) {
    // Commander has told already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof SettingsError) {
      for (const problem of error.problems) process.stderr.write(`jobmill: ${problem}\n`)
      return 2
    }
    process.stderr.write(`jobmill: ${(error as Error).message}\n`)
    return 1
  }
}

/** `jobmill` alone or with flags is `jobmill server`, so that Faktory's command lines work. */
function programOf(run: { code: ExitCode }): Command {
  const program = new Command('jobmill')
    .usage('[server] [options]\n       jobmill COMMAND [options]')
    .description('A background job server for every programming language.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .allowExcessArguments()
    .exitOverride()
    .showHelpAfterError('jobmill --help tells what there is')
    .addHelpText('after', variablesHelp())
  withServing(program).action(async (flags: Flags, command: Command) => {
    const [word] = command.args
    if (word !== undefined) command.error(`error: there is no command ${word}`)
    await serveAs(flags)
  })

  withServing(program.command('server').description('run the server; the same without this word'))
    .allowExcessArguments(false)
    .action(async (flags: Flags) => {
      await serveAs({ ...program.opts<Flags>(), ...flags })
    })

  addOnData(program, run)
  addOnDatabase(program)
  addConfig(program, run)
  return program
}

/** Commands on a data folder. */
function addOnData(program: Command, run: { code: ExitCode }): void {
  const folderOf = (flags: Flags): string =>
    readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env)

  withOptions(program.command('check'), FOLDER_SETTINGS)
    .description('look whether the data is sound; a server may be running on it')
    .action(async (flags: Flags) => {
      run.code = (await check(folderOf(flags))) ? 0 : 1
    })
  withOptions(program.command('backup'), FOLDER_SETTINGS)
    .description('write a verified backup of the data; a server may be running on it')
    .option('--to <file>', 'a new file for it (default: <data>/backups/<UTC time>.db)')
    .allowExcessArguments(false)
    .action(({ to, ...flags }: Flags & { readonly to?: string }) => {
      backup(folderOf(flags), to)
    })
  withOptions(program.command('restore'), FOLDER_SETTINGS)
    .description(
      'put a backup in the place of the data, which stays in a folder beside it; ' +
        'no server may be running on it',
    )
    .argument('<file>', 'what jobmill backup or the server wrote')
    .allowExcessArguments(false)
    .action(async (file: string, flags: Flags) => {
      await restoreFrom(folderOf(flags), file)
    })
}

/** Commands on a database. */
function addOnDatabase(program: Command): void {
  withOptions(program.command('transfer'), [SETTINGS.databaseSchema, SETTINGS.configFolder])
    .description('copy everything from a data folder to a database, or back; no server may run')
    .requiredOption('--from <place>', 'a data folder, or postgres://…')
    .requiredOption('--to <place>', 'the same, empty')
    .allowExcessArguments(false)
    .action(async ({ from = '', to = '', ...flags }: Flags & { from?: string; to?: string }) => {
      const { settings, problems } = reading({ ...program.opts<Flags>(), ...flags })()
      if (problems.length > 0) throw new SettingsError(problems)
      await transferBetween(settings, from, to)
    })
  withOptions(program.command('migrate'), ALL_SETTINGS)
    .description('bring the tables of the database up to date')
    .option('--dry-run', 'print the SQL instead')
    .allowExcessArguments(false)
    .action(async ({ dryRun, ...flags }: Flags) => {
      const { settings, problems } = reading({ ...program.opts<Flags>(), ...flags })()
      if (problems.length > 0) throw new SettingsError(problems)
      await migrate(settings, dryRun === true)
    })
}

function addConfig(program: Command, run: { code: ExitCode }): void {
  const config = program
    .command('config')
    .description('show or check the configuration')
    .helpCommand(false)
  withOptions(config.command('show'), ALL_SETTINGS)
    .description('each value and where it came from')
    .option('--json', 'for programs')
    .allowExcessArguments(false)
    .action(({ json, ...flags }: Flags) => {
      const isWell = showConfig(reading({ ...program.opts<Flags>(), ...flags })(), json === true)
      run.code = isWell ? 0 : 2
    })
  withOptions(config.command('check'), ALL_SETTINGS)
    .description('one file, or all that a server would read')
    .argument('[file]')
    .allowExcessArguments(false)
    .action((file: string | undefined, flags: Flags) => {
      const isWell = checkConfig(file, reading({ ...program.opts<Flags>(), ...flags }))
      run.code = isWell ? 0 : 2
    })
}

/** Looks again at files and variables each time; the flags stay. */
const reading = (flags: Flags) => (): Configuration => readConfiguration(flags, process.env)

const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS)
/** What readDataFolder needs to know. */
const FOLDER_SETTINGS = [SETTINGS.dataFolder, SETTINGS.environment, SETTINGS.configFolder]

function withOptions(command: Command, settings: readonly Setting<unknown>[]): Command {
  for (const one of settings) if (one.flag !== undefined) command.option(one.flag, helpOf(one))
  return command
}

/** One source for this and docs/configuration.md. */
function helpOf({ help, kind, fallback, otherwise }: Setting<unknown>): string {
  const allowed = kind.isPlain === true ? '' : `: ${kind.allowed}`
  const standard = fallback === false ? undefined : (fallback ?? otherwise)
  return help + allowed + (standard === undefined ? '' : ` (default: ${standard})`)
}

function withServing(command: Command): Command {
  return withOptions(command, ALL_SETTINGS).option(
    '--ephemeral',
    'for tests: free ports, no configuration files, and data that is gone at the end',
  )
}

async function serveAs(flags: Flags): Promise<void> {
  const { ephemeral, ...others } = flags
  if (ephemeral !== true) return serve(reading(flags))
  return withEphemeral((own) => serve(reading({ ...own, ...others })))
}

function variablesHelp(): string {
  const withFlag = ALL_SETTINGS.filter(({ flag }) => flag !== undefined)
  const others = ALL_SETTINGS.filter(({ flag }) => flag === undefined)
  const faktorys = ALL_SETTINGS.map(faktorysVariableOf).filter((name) => name !== undefined)
  const lines = [
    `Each option is a variable too: ${withFlag.map(variableOf).join(', ')}.`,
    'Variables alone:',
    ...others.map((one) => `  ${variableOf(one).padEnd(22)} ${one.help}`),
    `Faktory's names work as well: ${faktorys.join(', ')}.`,
    'Files: conf.d/*.toml in the configuration folder; jobmill config show tells what counts, and why.',
  ]
  return `\n${lines.join('\n')}`
}
