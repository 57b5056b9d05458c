import type { Command } from 'commander'
import { nearest } from '../../config/known.ts'
import { confirm } from './ask.ts'
import { ApiError } from './client.ts'
import { counted, FORMAT, shown, table, type Column } from './print.ts'
import { sessionOf, withServer, type Session } from './session.ts'
import { QUEUE, QUEUES, read, type Queue } from './shapes.ts'

/** `jobmill queues …` */
export function addQueues(program: Command): void {
  const queues = withServer(program.command('queues'))
    .description('what waits in each queue, or in one')
    .argument('[name]')
    .action(async (name: string | undefined, _: object, command: Command) => {
      const session = sessionOf(command)
      await (name === undefined ? showAll(session) : showOne(session, name))
    })

  withServer(queues.command('pause'))
    .description('nothing is fetched from them until they are resumed; pushes are taken')
    .argument('<names...>')
    .option('--new', 'also a queue that nobody has pushed to yet')
    .action(async (names: string[], options: { readonly new?: true }, command: Command) => {
      const session = sessionOf(command)
      if (options.new !== true) for (const name of names) await find(session, name)
      await each(session, names, 'pause', 'is paused: nothing is fetched from it')
    })
  withServer(queues.command('resume'))
    .description('jobs are fetched from them again')
    .argument('<names...>')
    .action(async (names: string[], _: object, command: Command) => {
      const session = sessionOf(command)
      for (const name of names) await find(session, name)
      await each(session, names, 'resume', 'goes on')
    })
  withServer(queues.command('clear'))
    .description('delete all jobs that wait in a queue')
    .argument('<name>')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, { yes }: { readonly yes?: true }, command: Command) => {
      const session = sessionOf(command)
      const { waiting } = await find(session, name)
      const what = `delete ${counted(waiting, 'job')} waiting in ${shown(name)} at ${session.client.url}`
      await confirm(what, yes === true)
      await each(session, [name], 'clear', 'is emptied')
    })
  withServer(queues.command('remove'))
    .description('forget empty queues')
    .argument('<names...>')
    .action(async (names: string[], _: object, command: Command) => {
      const session = sessionOf(command)
      for (const name of names) await find(session, name)
      for (const name of names) {
        await session.client.send('DELETE', pathOf(name))
        session.say(`${shown(name)} is forgotten`)
      }
    })
}

const pathOf = (name: string): string => `/queues/${encodeURIComponent(name)}`

async function each(session: Session, names: readonly string[], verb: string, done: string) {
  for (const name of names) {
    await session.client.send('POST', `${pathOf(name)}/${verb}`)
    session.say(`${shown(name)} ${done}`)
  }
}

const COLUMNS: readonly Column<Queue>[] = [
  { name: 'queue', of: ({ name }) => name },
  { name: 'waiting', of: ({ waiting }) => waiting },
  { name: 'oldest', of: (queue) => oldest(queue) },
  { name: 'state', of: ({ paused }) => (paused ? 'paused' : '') },
  { name: 'priorities', of: (queue) => priorities(queue) },
]

async function showAll(session: Session): Promise<void> {
  const answer = await session.client.get('/queues')
  session.print(answer, () => {
    const { items } = read(QUEUES, answer)
    return items.length === 0
      ? 'no queue yet: a queue appears with its first job\n'
      : table(items, COLUMNS)
  })
}

async function showOne(session: Session, name: string): Promise<void> {
  const answer = await known(session, name)
  session.print(answer, () => table([read(QUEUE, answer)], COLUMNS))
}

async function find(session: Session, name: string): Promise<Queue> {
  return read(QUEUE, await known(session, name))
}

/** The API's answer about a queue; where there is none, the error says which names are near. */
async function known({ client }: Session, name: string) {
  try {
    return await client.get(pathOf(name))
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'NO_QUEUE') throw error
    const names = read(QUEUES, await client.get('/queues')).items.map((queue) => queue.name)
    const near = nearest(name, names)
    const hint =
      near === undefined ? 'there are no queues yet' : `the nearest name is ${shown(near)}`
    throw new ApiError(`there is no queue ${shown(name)}; ${hint}`, error.code, { cause: error })
  }
}

const oldest = ({ oldest_s: seconds, waiting }: Queue): string =>
  waiting === 0 ? '' : FORMAT.duration(seconds * 1000)

/** The most urgent first: 9: 4, 5: 120. */
const priorities = ({ by_priority: counts }: Queue): string =>
  Object.entries(counts)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([priority, count]) => `${priority}: ${FORMAT.number(count)}`)
    .join(', ')
