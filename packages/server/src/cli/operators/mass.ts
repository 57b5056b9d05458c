import { setTimeout as wait } from 'node:timers/promises'
import { confirm } from './ask.ts'
import { ApiError } from './client.ts'
import { counted, FORMAT, shown } from './print.ts'
import type { Session } from './session.ts'
import { ACTION, read, TOTAL } from './shapes.ts'

export type Doing = 'retry' | 'kill' | 'delete' | 'recover'

/** All jobs of a place that match. */
export interface Many {
  readonly set: string
  readonly queue?: string | undefined
  /** Filter text, '' for all. */
  readonly q: string
}

/** As the question says it, and the report. */
const WORDS: Readonly<
  Record<Doing, { readonly will: (jobs: string) => string; readonly did: string }>
> = {
  retry: { will: (jobs) => `enqueue ${jobs}`, did: 'enqueued' },
  kill: { will: (jobs) => `move ${jobs} to the dead`, did: 'moved to the dead' },
  delete: { will: (jobs) => `delete ${jobs}`, did: 'deleted' },
  recover: { will: (jobs) => `end the reservations of ${jobs}`, did: 'recovered' },
}

const LOOK_MS = 200

/**
 * Counts, asks, starts, and waits until it is done. Ctrl-C ends the waiting, not the action.
 * Throws Declined, and ApiError also where the action failed or was stopped.
 */
export async function doToAll(
  session: Session,
  doing: Doing,
  many: Many,
  yes: boolean,
): Promise<void> {
  const { client } = session
  const body = { do: doing, ...many }
  const counting = JSON.stringify({ ...body, dry_run: true })
  const count = await client.send('POST', '/actions', counting)
  const { total } = read(TOTAL, count)
  if (total === 0) {
    session.print(count, () => 'no job matches: nothing was done\n')
    return
  }
  await confirm(question(doing, many, total, client.url), yes)
  let answer = await client.send('POST', '/actions', JSON.stringify(body))
  let action = read(ACTION, answer)
  const path = `/actions/${encodeURIComponent(action.id)}`
  while (action.state === 'running') {
    await wait(LOOK_MS)
    answer = await client.get(path)
    action = read(ACTION, answer)
  }
  const { done, moved_on: moved, state, failure } = action
  session.print(answer, () => {
    const gone = moved === 0 ? '' : `, ${FORMAT.number(moved)} had moved on meanwhile`
    return `${counted(done, 'job')} ${WORDS[doing].did}${gone}\n`
  })
  if (state === 'done') return
  const why = state === 'stopped' ? 'somebody stopped it' : (failure ?? 'it failed')
  throw new ApiError(`not all was done: ${why}`)
}

function question(doing: Doing, { set, queue, q }: Many, total: number, url: string): string {
  const place = queue === undefined ? set : `${set} in ${shown(queue)}`
  const which = q === '' ? `all ${place}` : `${place}, ${shown(q)}`
  return `${WORDS[doing].will(`${counted(total, 'job')} (${which})`)} at ${url}`
}
