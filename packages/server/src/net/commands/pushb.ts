import { push } from '@jobmill/core'
import { bulk, type WireJob } from '@jobmill/protocol'
import { tellPushed } from '../../activity/pushed.ts'
import { storeRefusal, type Handler } from '../context.ts'

/** Not atomic: each job is taken or refused by itself, in order; the reply names the refused. */
export const handlePushBulk: Handler<'PUSHB'> = (
  { store, activity, clock },
  _peer,
  { jobs },
  reply,
) => {
  const refused: [jid: string, text: string][] = []
  // One more than the jobs, so that the reply cannot leave before the last has been run.
  let left = jobs.length + 1
  const done = (): void => {
    left -= 1
    if (left === 0) reply(bulk(JSON.stringify(Object.fromEntries(refused))))
  }
  for (const job of jobs) runOne(job)
  done()

  function runOne(job: WireJob): void {
    store.run(push, job, (refusal, error) => {
      const why = error === undefined ? refusal : storeRefusal(error)
      if (why === undefined) tellPushed(activity, job, clock)
      else refused.push([job.jid, why.text])
      done()
    })
  }
}
