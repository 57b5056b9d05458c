import { Command, CommanderError } from 'commander'
import {
  DURABILITIES,
  ENVIRONMENTS,
  dataFolder,
  readSettings,
  SettingsError,
  type Flags,
} from '../config/settings.ts'
import { createLog, LOG_LEVELS } from '../log.ts'
import { startServer, VERSION } from '../server.ts'
import { checkData } from '../store/embedded/check.ts'
import { LIMITS } from '@jobmill/protocol'
import { normalized } from './arguments.ts'

/** 0 done · 1 failed, refused, or `check` found something · 2 wrong usage or settings. */
export type ExitCode = 0 | 1 | 2

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const

/** Runs the command line. @returns the exit code, once there is nothing left to do */
export async function runCommand(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = new Command('jobmill')
    .description('A background job server for every programming language.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .showHelpAfterError('(jobmill --help tells all)')

  program
    .command('server', { isDefault: true })
    .description('run the server (the default)')
    .option(
      '-b, --binding <host:port>',
      'where clients connect; :7419 is every address (default: localhost:7419)',
    )
    .option('-w, --web-binding <host:port>', 'HTTP; :0 turns it off (default: localhost:7420)')
    .option('-d, --data <folder>', `where jobs are kept (default: ${dataFolder('development')})`)
    .option('-e, --environment <name>', `${ENVIRONMENTS.join(', ')} (default: development)`)
    .option('-l, --log-level <level>', `${LOG_LEVELS.join(', ')} (default: info)`)
    .option('-c, --config <folder>', 'configuration folder; taken for compatibility, not read yet')
    .option(
      '--durability <mode>',
      `${DURABILITIES.join(', ')}: when +OK means on disk (default: full)`,
    )
    .option(
      '--memory <MiB>',
      'for waiting jobs; past it they are read back from disk (default: 64)',
    )
    .addHelpText(
      'after',
      '\nVariables: JOBMILL_PASSWORD or FAKTORY_PASSWORD (the password, or the path of a file that holds it),\n' +
        'JOBMILL_ENV or FAKTORY_ENV, JOBMILL_DATA, JOBMILL_DURABILITY, JOBMILL_LOG_LEVEL, JOBMILL_MEMORY.',
    )
    .action(async (flags: Flags) => {
      code = await serve(flags)
    })

  program
    .command('check')
    .description('look whether the data is sound; a server may be running on it')
    .option('-d, --data <folder>', 'the data folder')
    .action(async ({ data }: { data?: string }) => {
      code = await check(data ?? dataFolder('development'))
    })

  try {
    await program.parseAsync(normalized(argv), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof SettingsError) {
      for (const problem of error.problems) process.stderr.write(`jobmill: ${problem}\n`)
      return 2
    }
    process.stderr.write(`jobmill: ${(error as Error).message}\n`)
    return 1
  }
  return code
}

async function serve(flags: Flags): Promise<ExitCode> {
  const settings = readSettings(flags, process.env)
  const log = createLog(settings.logLevel)
  const server = await startServer(settings, log)
  await new Promise<void>((resolve, reject) => {
    let stopping = false
    const signalled = (signal: keyof typeof SIGNAL_NUMBERS): void => {
      if (stopping) process.exit(128 + SIGNAL_NUMBERS[signal])
      stopping = true
      setTimeout(() => {
        log.error('the stop took too long: exiting; nothing acknowledged is lost')
        process.exit(1)
      }, LIMITS.stopMs - 500).unref()
      server.stop().then(resolve, reject)
    }
    process.on('SIGTERM', signalled)
    process.on('SIGINT', signalled)
  })
  return 0
}

async function check(folder: string): Promise<ExitCode> {
  const { jobs, summary, problems } = await checkData(folder)
  const counts = Object.entries(summary).map(([place, count]) => `${count} ${place}`)
  process.stdout.write(`${jobs} jobs in ${folder}: ${counts.join(', ')}\n`)
  for (const problem of problems) process.stdout.write(`problem: ${problem}\n`)
  process.stdout.write(problems.length === 0 ? 'all is well\n' : `${problems.length} problems\n`)
  return problems.length === 0 ? 0 : 1
}
