import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { sessionOf, withServer } from './session.ts'

/** Options that become members of the job: what each is checked by, and how it is written. */
interface PushFlags {
  readonly queue?: string
  readonly priority?: string
  readonly at?: string
  readonly retry?: string
  readonly reserveFor?: string
  readonly custom?: string
  readonly jid?: string
}

/** `jobmill push JOBTYPE [ARGS…]` */
export function addPush(program: Command): void {
  const command = withServer(program.command('push'))
  command
    .description('push one job; prints its jid')
    .argument('<jobtype>')
    .argument(
      '[args...]',
      'one JSON value each: 7, true, \'"text"\', \'{"id":7}\'; after -- where one begins with -',
    )
    .option('--queue <name>', 'its queue (default: default)')
    .option('--priority <1-9>', '9 is fetched first (default: 5)')
    .option('--at <time>', 'not before: 2026-12-24T18:00:00Z, or from now on: 90s, 30m, 2h, 1d')
    .option('--retry <count>', 'automatic tries after the first (default: 25)')
    .option('--reserve-for <seconds>', 'how long a worker may take (default: 1800)')
    .option('--custom <json>', 'an object for the application’s own use')
    .option('--jid <jid>', 'its id (default: a random one)')
    .action(async (jobtype: string, args: string[], flags: PushFlags) => {
      const jid = flags.jid ?? randomBytes(12).toString('hex')
      const body = jobText(command, jobtype, args, { ...flags, jid })
      const session = sessionOf(command)
      const answer = await session.client.send('POST', '/jobs', body)
      session.print(answer, () => `${jid}\n`)
    })
}

/** The job as JSON. Numbers stay as they were written: they never pass through JavaScript. */
function jobText(
  command: Command,
  jobtype: string,
  args: readonly string[],
  flags: PushFlags,
): string {
  const number = (flag: string, text: string | undefined): string | undefined => {
    if (text !== undefined && !/^-?\d+$/.test(text)) {
      command.error(`error: ${flag} is ${text}: it must be a whole number`)
    }
    return text
  }
  const text = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : JSON.stringify(value)
  const members: readonly (readonly [string, string | undefined])[] = [
    ['jid', text(flags.jid)],
    ['jobtype', text(jobtype)],
    ['args', `[${args.map((arg) => json(command, arg)).join(',')}]`],
    ['created_at', text(new Date().toISOString())],
    ['queue', text(flags.queue)],
    ['priority', priority(command, flags.priority)],
    ['at', text(flags.at === undefined ? undefined : timeOf(flags.at))],
    ['retry', number('--retry', flags.retry)],
    ['reserve_for', number('--reserve-for', flags.reserveFor)],
    ['custom', flags.custom === undefined ? undefined : json(command, flags.custom)],
  ]
  const said = members.filter(([, value]) => value !== undefined)
  return `{${said.map(([name, value]) => `"${name}":${value}`).join(',')}}`
}

/** The server takes any, and makes the usual one of what is none. */
function priority(command: Command, text: string | undefined): string | undefined {
  if (text === undefined || /^[1-9]$/.test(text)) return text
  return command.error(`error: --priority is ${text}: it must be 1 to 9`)
}

function json(command: Command, text: string): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    const example = `'${JSON.stringify(text)}'`
    return command.error(`error: ${text} is no JSON; a text is in quotes within quotes: ${example}`)
  }
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A time from now on becomes one of the wall clock; the server looks at all others. */
function timeOf(text: string): string {
  const [, count = '', unit = ''] = /^\+?(\d+)([smhd])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS_MS[unit] ?? 0)
  return count === '' ? text : new Date(Date.now() + ms).toISOString()
}
