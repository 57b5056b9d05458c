import type { Command } from 'commander'
import { printJobs } from './lists.ts'
import { doToAll, type Doing } from './mass.ts'
import { sessionOf, withServer } from './session.ts'

interface SetCommand {
  readonly name: 'retries' | 'scheduled' | 'dead'
  readonly description: string
  /** Its flags for what can be done there, with what the API calls it. */
  readonly doings: readonly (readonly [flag: string, doing: Doing, help: string])[]
}

const KILL = ['kill', 'kill', 'move them to the dead'] as const
const DELETE = ['delete', 'delete', 'they are gone for good'] as const
const SETS: readonly SetCommand[] = [
  {
    name: 'retries',
    description: 'jobs that failed and wait for their next try',
    doings: [['retry', 'retry', 'put them into their queues now'], KILL, DELETE],
  },
  {
    name: 'scheduled',
    description: 'jobs that wait for their time',
    doings: [['enqueue', 'retry', 'put them into their queues now'], KILL, DELETE],
  },
  {
    name: 'dead',
    description: 'jobs whose retries are used up',
    doings: [['retry', 'retry', 'put them into their queues again'], DELETE],
  },
]

/** `jobmill retries|scheduled|dead [filter…] [--retry|--kill|--delete]` */
export function addSets(program: Command): void {
  for (const set of SETS) {
    const command = withServer(program.command(set.name))
      .description(`${set.description}; with a filter those that match, with an option all of them`)
      .argument('[filter...]', 'as in the pages; one that begins with - follows --')
    for (const [flag, , help] of set.doings) command.option(`--${flag}`, help)
    withPaging(command)
      .option('-y, --yes', 'do not ask')
      .action(async (filter: string[], flags: Flags) => {
        const session = sessionOf(command)
        const q = filter.join(' ')
        const doing = oneOf(command, flags, set.doings)
        if (doing === undefined) return printJobs(session, { state: set.name, q, ...paging(flags) })
        return doToAll(session, doing, { set: set.name, q }, flags['yes'] === true)
      })
  }
}

type Flags = Readonly<Record<string, string | boolean | undefined>>

export function withPaging(command: Command): Command {
  return command
    .option('--limit <count>', 'jobs of a page, 1 to 100 (default: 50)')
    .option('--after <cursor>', 'the page that follows; the page before tells the cursor')
}

/** Ends the command with a word about usage where a limit is none. */
export function paging(flags: Flags): { limit?: string; after?: string } {
  const { limit, after } = flags
  return {
    ...(typeof limit === 'string' ? { limit } : {}),
    ...(typeof after === 'string' ? { after } : {}),
  }
}

/** The one thing to do that was said, or undefined; more than one is wrong usage. */
export function oneOf(
  command: Command,
  flags: Flags,
  doings: SetCommand['doings'],
): Doing | undefined {
  const said = doings.filter(([flag]) => flags[flag] === true)
  if (said.length > 1) {
    command.error(`error: say one of ${said.map(([flag]) => `--${flag}`).join(' and ')}`)
  }
  return said[0]?.[1]
}
