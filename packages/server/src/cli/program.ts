import { Command, CommanderError } from 'commander'
import {
  readConfiguration,
  readDataFolder,
  readSettings,
  SettingsError,
  type Configuration,
  type Flags,
} from '../config/settings.ts'
import { faktorysVariableOf, variableOf, type Setting } from '../config/setting.ts'
import { SETTINGS } from '../config/table.ts'
import { VERSION } from '../server.ts'
import { normalized } from './arguments.ts'
import { check } from './check.ts'
import { checkConfig, showConfig } from './config.ts'
import { withEphemeral } from './ephemeral.ts'
import { migrate } from './migrate.ts'
import { serve } from './serve.ts'

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

  program
    .command('check')
    .description('look whether the data is sound; a server may be running on it')
    .option(flagOf(SETTINGS.dataFolder), helpOf(SETTINGS.dataFolder))
    .option(flagOf(SETTINGS.environment), helpOf(SETTINGS.environment))
    .option(flagOf(SETTINGS.configFolder), helpOf(SETTINGS.configFolder))
    .action(async (flags: Flags) => {
      const folder = readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env)
      run.code = (await check(folder)) ? 0 : 1
    })

  withSettings(
    program.command('migrate').description('bring the tables of the database up to date'),
  )
    .option('--dry-run', 'print the SQL instead')
    .allowExcessArguments(false)
    .action(async ({ dryRun, ...flags }: Flags) => {
      await migrate(
        readSettings({ ...program.opts<Flags>(), ...flags }, process.env),
        dryRun === true,
      )
    })

  addConfig(program, run)
  return program
}

function addConfig(program: Command, run: { code: ExitCode }): void {
  const config = program
    .command('config')
    .description('show or check the configuration')
    .helpCommand(false)
  withSettings(config.command('show').description('each value and where it came from'))
    .option('--json', 'for programs')
    .allowExcessArguments(false)
    .action(({ json, ...flags }: Flags) => {
      const isWell = showConfig(reading({ ...program.opts<Flags>(), ...flags })(), json === true)
      run.code = isWell ? 0 : 2
    })
  withSettings(config.command('check').description('one file, or all that a server would read'))
    .argument('[file]')
    .allowExcessArguments(false)
    .action((file: string | undefined, flags: Flags) => {
      const isWell = checkConfig(file, reading({ ...program.opts<Flags>(), ...flags }))
      run.code = isWell ? 0 : 2
    })
}

/** Looks again at files and variables each time; the flags stay. */
const reading = (flags: Flags) => (): Configuration => readConfiguration(flags, process.env)

const flagOf = ({ flag = '' }: Setting<unknown>): string => flag

/** One source for this and docs/configuration.md. */
function helpOf({ help, kind, fallback, otherwise }: Setting<unknown>): string {
  const allowed = kind.isPlain === true ? '' : `: ${kind.allowed}`
  const standard = fallback === false ? undefined : (fallback ?? otherwise)
  return help + allowed + (standard === undefined ? '' : ` (default: ${standard})`)
}

function withServing(command: Command): Command {
  return withSettings(command).option(
    '--ephemeral',
    'for tests: free ports, no configuration files, and data that is gone at the end',
  )
}

async function serveAs(flags: Flags): Promise<void> {
  const { ephemeral, ...others } = flags
  if (ephemeral !== true) return serve(reading(flags))
  return withEphemeral((own) => serve(reading({ ...own, ...others })))
}

function withSettings(command: Command): Command {
  for (const one of Object.values<Setting<unknown>>(SETTINGS)) {
    if (one.flag !== undefined) command.option(one.flag, helpOf(one))
  }
  return command
}

function variablesHelp(): string {
  const all: Setting<unknown>[] = Object.values(SETTINGS)
  const withFlag = all.filter(({ flag }) => flag !== undefined)
  const others = all.filter(({ flag }) => flag === undefined)
  const faktorys = all.map(faktorysVariableOf).filter((name) => name !== undefined)
  const lines = [
    `Each option is a variable too: ${withFlag.map(variableOf).join(', ')}.`,
    'Variables alone:',
    ...others.map((one) => `  ${variableOf(one).padEnd(22)} ${one.help}`),
    `Faktory's names work as well: ${faktorys.join(', ')}.`,
    'Files: conf.d/*.toml in the configuration folder; jobmill config show tells what counts, and why.',
  ]
  return `\n${lines.join('\n')}`
}
