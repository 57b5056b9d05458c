import type { Command } from 'commander'
import { readDataFolder, SettingsError, type Flags } from '../config/settings.ts'
import { SETTINGS } from '../config/table.ts'
import { ALL_SETTINGS, FOLDER_SETTINGS, reading, withOptions, type Run } from './options.ts'

/** Commands on a data folder. What they need is loaded late: other commands answer sooner. */
export function addOnData(program: Command, run: Run): void {
  const folderOf = (flags: Flags): string =>
    readDataFolder({ ...program.opts<Flags>(), ...flags }, process.env)

  withOptions(program.command('check'), FOLDER_SETTINGS)
    .description('look whether the data is sound; a server may be running on it')
    .action(async (flags: Flags) => {
      const { check } = await import('./check.ts')
      run.code = (await check(folderOf(flags))) ? 0 : 1
    })
  withOptions(program.command('backup'), FOLDER_SETTINGS)
    .description('write a verified backup of the data; a server may be running on it')
    .option('--to <file>', 'a new file for it (default: <data>/backups/<UTC time>.db)')
    .allowExcessArguments(false)
    .action(async ({ to, ...flags }: Flags & { readonly to?: string }) => {
      const { backup } = await import('./backup.ts')
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
      const { restoreFrom } = await import('./restore.ts')
      await restoreFrom(folderOf(flags), file)
    })

  withOptions(program.command('inspect'), [SETTINGS.webBindings, ...FOLDER_SETTINGS.slice(1)])
    .description(
      'show a copied data file or a backup in the pages, read only; the file is only read',
    )
    .argument('<file>', 'a jobmill.db that no server has, or what jobmill backup wrote')
    .allowExcessArguments(false)
    .action(async (file: string, flags: Flags) => {
      const { inspect } = await import('./inspect.ts')
      const all = { webBinding: '127.0.0.1:0', ...program.opts<Flags>(), ...flags }
      const { settings, problems } = reading(all)()
      if (problems.length > 0) throw new SettingsError(problems)
      await inspect(file, settings)
    })
}

/** Commands on a database. */
export function addOnDatabase(program: Command): void {
  withOptions(program.command('transfer'), [SETTINGS.databaseSchema, SETTINGS.configFolder])
    .description('copy everything from a data folder to a database, or back; no server may run')
    .requiredOption('--from <place>', 'a data folder, or postgres://…')
    .requiredOption('--to <place>', 'the same, empty')
    .allowExcessArguments(false)
    .action(async ({ from = '', to = '', ...flags }: Flags & { from?: string; to?: string }) => {
      const { settings, problems } = reading({ ...program.opts<Flags>(), ...flags })()
      if (problems.length > 0) throw new SettingsError(problems)
      const { transferBetween } = await import('./transfer.ts')
      await transferBetween(settings, from, to)
    })
  withOptions(program.command('migrate'), ALL_SETTINGS)
    .description('bring the tables of the database up to date')
    .option('--dry-run', 'print the SQL instead')
    .allowExcessArguments(false)
    .action(async ({ dryRun, ...flags }: Flags) => {
      const { settings, problems } = reading({ ...program.opts<Flags>(), ...flags })()
      if (problems.length > 0) throw new SettingsError(problems)
      const { migrate } = await import('./migrate.ts')
      await migrate(settings, dryRun === true)
    })
}
