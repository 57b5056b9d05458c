import type { Command } from 'commander'
import { nearest } from '../../config/known.ts'
import { confirm } from './ask.ts'
import { ApiError } from './client.ts'
import { counted, FORMAT, relative, shown, table } from './print.ts'
import { sessionOf, withServer, type Session } from './session.ts'
import { read, RECOVERED, TOTAL, WORKERS } from './shapes.ts'

const ASKED = {
  quiet: 'gets no more jobs from its next beat on',
  stop: 'is asked to stop with its next beat',
} as const

/** `jobmill workers …` */
export function addWorkers(program: Command): void {
  const workers = withServer(program.command('workers'))
    .description('the worker processes that are connected')
    .action(async (_: object, command: Command) => showAll(sessionOf(command)))

  for (const verb of ['quiet', 'stop'] as const) {
    withServer(workers.command(verb))
      .description(
        `${verb === 'quiet' ? 'no more jobs for it' : 'it finishes and exits'}; all: for everyone`,
      )
      .argument('<wid>')
      .option('-y, --yes', 'do not ask before all are asked')
      .action(async (wid: string, { yes }: { readonly yes?: true }, command: Command) => {
        const session = sessionOf(command)
        const { items } = read(WORKERS, await session.client.get('/workers'))
        if (wid !== 'all' && !items.some((worker) => worker.wid === wid)) {
          throw unknown(
            wid,
            items.map((worker) => worker.wid),
          )
        }
        if (wid === 'all') {
          const what = `${verb} ${counted(items.length, 'worker')} at ${session.client.url}`
          await confirm(what, yes === true)
        }
        await session.client.send('POST', `${pathOf(wid)}/${verb}`)
        session.say(`${wid === 'all' ? 'every worker' : shown(wid)} ${ASKED[verb]}`)
      })
  }
  withServer(workers.command('recover'))
    .description('end all reservations of a lost worker: its jobs go through the retry process')
    .argument('<wid>')
    .option('-y, --yes', 'do not ask')
    .action(async (wid: string, { yes }: { readonly yes?: true }, command: Command) => {
      await recover(sessionOf(command), wid, yes === true)
    })
}

const pathOf = (wid: string): string => `/workers/${encodeURIComponent(wid)}`

async function showAll(session: Session): Promise<void> {
  const answer = await session.client.get('/workers')
  session.print(answer, () => {
    const { items } = read(WORKERS, answer)
    if (items.length === 0) return 'no worker is connected\n'
    return table(items, [
      { name: 'wid', of: ({ wid }) => wid },
      { name: 'host', of: ({ hostname }) => hostname },
      { name: 'pid', of: ({ pid }) => String(pid) },
      { name: 'state', of: ({ state }) => state },
      { name: 'busy', of: ({ busy }) => busy },
      { name: 'started', of: (worker) => relative(worker.started_at) },
      { name: 'beat', of: (worker) => relative(worker.beat_at ?? undefined) },
      { name: 'rss', of: ({ rss_kb: kb }) => (kb === 0 ? '' : FORMAT.bytes(kb * 1024)) },
      { name: 'labels', of: ({ labels }) => labels.join(', ') },
    ])
  })
}

async function recover(session: Session, wid: string, yes: boolean): Promise<void> {
  const { client } = session
  const count = { do: 'recover', set: 'running', q: `worker:${JSON.stringify(wid)}`, dry_run: true }
  const { total } = read(TOTAL, await client.send('POST', '/actions', JSON.stringify(count)))
  if (total === 0)
    throw new ApiError(
      `no job is held by ${shown(wid)}: jobmill jobs --state running lists those that are held`,
    )
  await confirm(`end ${counted(total, 'reservation')} of ${shown(wid)} at ${client.url}`, yes)
  const answer = await client.send('POST', `${pathOf(wid)}/recover`)
  session.print(answer, () => {
    const { recovered } = read(RECOVERED, answer)
    return `${counted(recovered, 'job')} recovered: each waits for its next try\n`
  })
}

function unknown(wid: string, wids: readonly string[]): ApiError {
  const near = nearest(wid, wids)
  const hint = near === undefined ? 'none is connected' : `the nearest name is ${shown(near)}`
  return new ApiError(`no worker ${shown(wid)} is connected; ${hint}`)
}
