import { Command, CommanderError } from 'commander'
import { SettingsError, type Flags } from '../config/settings.ts'
import { VERSION } from '../version.ts'
import { normalized } from './arguments.ts'
import { checkConfig, showConfig } from './config.ts'
import { addOnData, addOnDatabase } from './data.ts'
import { Declined } from './operators/ask.ts'
import { addJobs } from './operators/jobs.ts'
import { addPush } from './operators/push.ts'
import { addQueues } from './operators/queues.ts'
import { addSets } from './operators/sets.ts'
import { addWorkers } from './operators/workers.ts'
import {
  ALL_SETTINGS,
  reading,
  variablesHelp,
  withOptions,
  type ExitCode,
  type Run,
} from './options.ts'

/** Runs the command line. @returns the exit code, once there is nothing left to do */
export async function runCommand(argv: readonly string[]): Promise<ExitCode> {
  const run: Run = { code: 0 }
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
    return error instanceof Declined && error.isUsage ? 2 : 1
  }
}

/** `jobmill` alone or with flags is `jobmill server`, so that Faktory's command lines work. */
function programOf(run: Run): Command {
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

  for (const add of [addPush, addQueues, addJobs, addSets, addWorkers]) add(program)
  addOnData(program, run)
  addOnDatabase(program)
  addConfig(program, run)
  return program
}

function addConfig(program: Command, run: Run): void {
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

function withServing(command: Command): Command {
  return withOptions(command, ALL_SETTINGS).option(
    '--ephemeral',
    'for tests: free ports, no configuration files, and data that is gone at the end',
  )
}

async function serveAs(flags: Flags): Promise<void> {
  const { serve } = await import('./serve.ts')
  const { ephemeral, ...others } = flags
  if (ephemeral !== true) return serve(reading(flags))
  const { withEphemeral } = await import('./ephemeral.ts')
  return withEphemeral((own) => serve(reading({ ...own, ...others })))
}
