// The driver of npm faktory-worker; what it is told and what it says: ../driver.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import faktory from 'faktory-worker'

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

// This client looks at no scheme: TLS is an option of its own.
const tls = process.env.FAKTORY_URL?.startsWith('tcp+tls:') ? { tlsOptions: {} } : {}

async function push() {
  const { jobs, bulk } = JSON.parse(await text(process.stdin))
  const client = await faktory.connect(tls)
  if (bulk) {
    const refused = await client.pushBulk(jobs)
    for (const { jid } of jobs) {
      if (refused[jid]) say({ event: 'refused', jid, reason: refused[jid].reason })
      else say({ event: 'pushed', jid })
    }
  } else {
    for (const job of jobs) {
      try {
        say({ event: 'pushed', jid: await client.push(job) })
      } catch (error) {
        say({ event: 'refused', jid: job.jid, reason: error.message })
      }
    }
  }
  await client.close()
}

async function work() {
  const failedOnce = new Set()
  // A function that is given back gets the job: the client's way to its jid.
  const telling =
    (then = async () => undefined) =>
    (...args) =>
    ({ job: { jid, jobtype } }) => {
      say({ event: 'ran', jid, jobtype, args })
      return then(jid, ...args)
    }
  faktory.register('Ok', telling())
  faktory.register(
    'Fail',
    telling(async () => {
      throw new Error('boom')
    }),
  )
  faktory.register(
    'FailOnce',
    telling(async (jid) => {
      if (failedOnce.has(jid)) return
      failedOnce.add(jid)
      throw new Error('not yet')
    }),
  )
  faktory.register(
    'Sleep',
    telling(async (jid, seconds) => {
      await sleep(seconds * 1000)
      say({ event: 'done', jid })
    }),
  )
  await faktory.work({
    ...tls,
    wid: process.env.DRIVER_WID,
    queues: process.env.DRIVER_QUEUES.split(' '),
    concurrency: Number(process.env.DRIVER_CONCURRENCY),
    beatInterval: Number(process.env.DRIVER_BEAT_SECONDS),
  })
  say({ event: 'ready' })
}

try {
  await (process.argv[2] === 'work' ? work() : push())
} catch (error) {
  console.error(error)
  process.exit(1)
}
