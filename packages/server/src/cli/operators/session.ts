import type { Command } from 'commander'
import type { Flags } from '../../config/settings.ts'
import { SETTINGS } from '../../config/table.ts'
import { withOptions } from '../options.ts'
import { ApiClient, type Answer } from './client.ts'
import { targetOf } from './target.ts'

/** What a command works with that asks a running server. */
export interface Session {
  readonly client: ApiClient
  /** Prints an answer: as it came where `--json` was said, else what `text` makes of it. */
  print(answer: Answer, text: () => string): void
  /** Prints a line for people; with `--json` none, for there is nothing that a program could read. */
  say(line: string): void
}

const WHERE = [SETTINGS.webBindings, SETTINGS.environment, SETTINGS.configFolder]

/** Adds the options that say which server is asked, and how the answer is printed. */
export function withServer(command: Command): Command {
  return withOptions(
    command
      .option(
        '--url <address>',
        'of the pages (default: the server of this machine, by its settings)',
      )
      .option('--json', "the API's answer, for programs"),
    WHERE,
  )
    .helpCommand(false)
    .allowExcessArguments(false)
}

/** Throws SettingsError where the settings do not tell which server is meant. */
export function sessionOf(command: Command): Session {
  const flags = flagsOf(command)
  const isJson = flags['json'] === true
  return {
    client: new ApiClient(targetOf(flags, process.env)),
    print: (answer, text) => write(isJson ? `${answer.text}\n` : text()),
    say: (line) => {
      if (!isJson) write(`${line}\n`)
    },
  }
}

/** What was said before the command's word counts too, but less. */
function flagsOf(command: Command): Flags {
  const above = command.parent === null ? {} : flagsOf(command.parent)
  return { ...above, ...command.opts<Flags>() }
}

function write(text: string): void {
  process.stdout.write(text)
}
