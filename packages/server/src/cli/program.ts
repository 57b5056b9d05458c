import { Command, CommanderError } from 'commander'
import { readDataFolder, readSettings, SettingsError, type Flags } from '../config/settings.ts'
import { SETTINGS, type Setting } from '../config/table.ts'
import { VERSION } from '../server.ts'
import { normalized } from './arguments.ts'
import { backup } from './backup.ts'
import { check } from './check.ts'
import { restoreFrom } from './restore.ts'
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
    .usage('[server] [options]\n       jobmill check|backup|restore [options]')
    .description('A background job server for every programming language.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .allowExcessArguments()
    .exitOverride()
    .showHelpAfterError('jobmill --help tells what there is')
    .addHelpText('after', variablesHelp())
  withSettings(program).action(async (flags: Flags, command: Command) => {
    const [word] = command.args
    if (word !== undefined) command.error(`error: there is no command ${word}`)
    await serve(readSettings(flags, process.env))
  })

  withSettings(program.command('server').description('run the server; the same without this word'))
    .allowExcessArguments(false)
    .action(async (flags: Flags) => {
      await serve(readSettings({ ...program.opts<Flags>(), ...flags }, process.env))
    })

  program
    .command('check')
    .description('look whether the data is sound; a server may be running on it')
    .option(flagOf(SETTINGS.data), SETTINGS.data.help)
    .option(flagOf(SETTINGS.environment), SETTINGS.environment.help)
    .action(async (flags: Flags) => {
      const folder = readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env)
      run.code = (await check(folder)) ? 0 : 1
    })

  program
    .command('backup')
    .description('write a verified backup of the data; a server may be running on it')
    .option('--to <file>', 'a new file for it (default: <data>/backups/<UTC time>.db)')
    .option(flagOf(SETTINGS.data), SETTINGS.data.help)
    .option(flagOf(SETTINGS.environment), SETTINGS.environment.help)
    .action(({ to, ...flags }: Flags & { readonly to?: string }) => {
      backup(readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env), to)
    })

  program
    .command('restore')
    .description(
      'put a backup in the place of the data, which stays in a folder beside it; ' +
        'no server may be running on it',
    )
    .argument('<file>', 'what jobmill backup or the server wrote')
    .option(flagOf(SETTINGS.data), SETTINGS.data.help)
    .option(flagOf(SETTINGS.environment), SETTINGS.environment.help)
    .action(async (file: string, flags: Flags) => {
      await restoreFrom(readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env), file)
    })
  return program
}

const flagOf = ({ flag = '' }: Setting<unknown>): string => flag

function withSettings(command: Command): Command {
  for (const one of Object.values<Setting<unknown>>(SETTINGS)) {
    if (one.flag === undefined) continue
    const standard = one.fallback === undefined ? '' : ` (default: ${one.fallback})`
    command.option(one.flag, one.help + standard)
  }
  return command
}

function variablesHelp(): string {
  const all: Setting<unknown>[] = Object.values(SETTINGS)
  const withFlag = all.filter(({ flag }) => flag !== undefined)
  const others = all.filter(({ flag }) => flag === undefined)
  const faktorys = all.filter((one) => one.faktorys === true)
  const lines = [
    `Each option is a variable too: ${withFlag.map((one) => `JOBMILL_${one.variable}`).join(', ')}.`,
    'Variables alone:',
    ...others.map((one) => `  JOBMILL_${one.variable.padEnd(14)} ${one.help}`),
    `Faktory's names work as well: ${faktorys.map((one) => `FAKTORY_${one.variable}`).join(', ')}.`,
  ]
  return `\n${lines.join('\n')}`
}
