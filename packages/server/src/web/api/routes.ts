import { formatTime, isRefusal, parseCommand, refuse } from '@jobmill/protocol'
import {
  isQueueName,
  pauseQueues,
  push,
  recover,
  removeQueues,
  resumeQueues,
  signal,
  State,
  type Job,
} from '@jobmill/core'
import { Hono, type Context } from 'hono'
import { tellPushed } from '../../activity/pushed.ts'
import { filterOfJids, heldBy } from '../../filter/filter.ts'
import { parseFilter } from '../../filter/parse.ts'
import { Hiding } from '../../filter/values.ts'
import { runRule, sliceOf, type Place } from '../../store/store.ts'
import { audit } from '../actions/audit.ts'
import { changeJob, doToJob } from '../actions/jobs.ts'
import { canDo, type Doing } from '../actions/mass.ts'
import type { Tools } from '../tools.ts'
import type { Env } from '../context.ts'
import { loadJob } from '../facts/job.ts'
import { limitOf, loadList } from '../facts/list.ts'
import { loadOverview } from '../facts/overview.ts'
import { placeOf } from '../facts/places.ts'
import { loadQueueActivity } from '../facts/queue-activity.ts'
import { rangeOf } from '../facts/ranges.ts'
import { loadWorkers } from '../facts/workers.ts'
import { addressOf } from '../guard/auth.ts'
import { crossSite } from '../guard/csrf.ts'
import { activityRoutes } from './activity.ts'
import { ACTION, CHANGE, readBody, readShape } from './bodies.ts'
import { OPENAPI } from './openapi.ts'
import { Problem, problemOf, refused, sendProblem } from './problems.ts'
import {
  actionJson,
  goneJson,
  jobJson,
  overviewJson,
  queueJson,
  runJson,
  whyJson,
  workerJson,
  write,
  type ValueObject,
} from './render.ts'

type Ctx = Context<Env>

/** So many jobs are done before the answer; more go on by themselves. */
const AT_ONCE = 100
const SLICE = 250

/** The JSON API: everything that the pages show and do. Source: docs/api.md */
export function apiRoutes(tools: Tools): Hono<Env> {
  const { web, mass } = tools
  const { store } = web
  const api = new Hono<Env>()
  const hiding = (): Hiding => new Hiding(web.settings().hide)
  const tell = (c: Ctx, what: string, details: Record<string, unknown>): void =>
    audit(web, c.var.view, addressOf(c), what, details)

  api.use(async (c, next) => {
    if (c.req.method === 'GET') return next()
    const strange = crossSite({ headers: c.req.raw.headers, url: web.settings().url }, true)
    if (strange !== undefined) throw new Problem(403, 'CROSS_SITE', strange)
    if (!c.var.view.mayAct) throw new Problem(403, 'READ_ONLY', 'this access is read only')
    return next()
  })
  api.onError((error, c) => {
    const problem = problemOf(error)
    if (problem !== undefined) return sendProblem(c, problem)
    web.log.error({ err: error, path: c.req.path }, 'a request failed by a fault of the server')
    return sendProblem(c, new Problem(500, 'INTERNAL', 'internal error'))
  })
  api.notFound((c) =>
    sendProblem(c, new Problem(404, 'NOT_FOUND', `there is no ${c.req.method} ${c.req.path}`)),
  )

  api.get('/openapi.json', (c) => send(c, OPENAPI as unknown as ValueObject))
  api.get('/overview', async (c) => {
    const range = rangeOf(c.req.query('range') ?? '')
    return send(c, overviewJson(await loadOverview(web, range)))
  })
  activityRoutes(api, tools)
  api.get('/health', (c) => {
    const health = web.server.health()
    const facts = web.server.facts()
    return send(c, { version: web.version, store: { ...health }, server: facts })
  })

  api.get('/backups', async (c) => {
    const { backups } = web.server
    const failed = backups.lastError()
    return send(c, {
      items: (await backups.list()).map(({ name, takenAtMs, bytes }) => ({
        name,
        taken_at: formatTime(takenAtMs),
        bytes,
      })),
      running: backups.isRunning(),
      last_error:
        failed === undefined ? null : { at: formatTime(failed.atMs), message: failed.message },
    })
  })
  api.post('/backups', (c) => {
    if (!web.server.backups.begin()) {
      throw new Problem(409, 'BACKUP_RUNNING', 'a backup is being written already')
    }
    tell(c, 'backup', {})
    return c.body(null, 202)
  })

  // ---- queues

  const queueOf = async (c: Ctx) => {
    const name = c.req.param('name') ?? ''
    const found = (await store.queues()).find((queue) => queue.name === name)
    if (found === undefined) throw new Problem(404, 'NO_QUEUE', `there is no queue ${name}`)
    return found
  }
  api.get('/queues', async (c) => {
    const [queues, workers] = await Promise.all([store.queues(), loadWorkers(web)])
    const activityOf = loadQueueActivity(web, workers.length)
    const nowMs = web.clock.now()
    return send(c, {
      items: queues.map((queue) => queueJson(queue, nowMs, activityOf(queue.name))),
    })
  })
  api.get('/queues/:name', async (c) => {
    const [queue, workers] = await Promise.all([queueOf(c), loadWorkers(web)])
    const activity = loadQueueActivity(web, workers.length)(queue.name)
    return send(c, queueJson(queue, web.clock.now(), activity))
  })
  for (const [verb, rule] of [
    ['pause', pauseQueues],
    ['resume', resumeQueues],
    ['clear', removeQueues],
  ] as const) {
    api.post(`/queues/:name/${verb}`, async (c) => {
      const name = c.req.param('name')
      // A queue may be paused before its first job.
      if (verb !== 'pause') await queueOf(c)
      else if (!isQueueName(name)) throw refused(refuse('INVALID_QUEUE_NAME', name))
      await runRule(store, rule, { names: [name] })
      tell(c, `${verb} queue`, { queue: name })
      return c.body(null, 204)
    })
  }
  api.delete('/queues/:name', async (c) => {
    const { name, size } = await queueOf(c)
    if (size > 0) {
      throw new Problem(409, 'QUEUE_NOT_EMPTY', `${size} jobs wait in ${name}: clear it first`)
    }
    await runRule(store, removeQueues, { names: [name] })
    tell(c, 'remove queue', { queue: name })
    return c.body(null, 204)
  })

  // ---- jobs

  api.get('/jobs', async (c) => {
    const query = (name: string): string => c.req.query(name) ?? ''
    const place = placeOf(query('state') || 'retries', query('queue'))
    if (place === undefined) {
      throw new Problem(
        422,
        'NO_PLACE',
        'state is one of waiting (with queue), running, scheduled, retries, dead',
      )
    }
    const page = await loadList(web, {
      place,
      q: query('q'),
      after: query('after'),
      before: query('before'),
      limit: limitOf(query('limit')),
      reversed: query('sort') === 'desc',
    })
    const hides = hiding()
    return send(c, {
      items: page.jobs.map((job) => jobJson(job, hides)),
      next: page.next ?? null,
      previous: page.previous ?? null,
      total: page.total,
      searched: page.searched,
    })
  })
  api.post('/jobs', async (c) => {
    const text = (await readBody(c)).trim()
    const many = text.startsWith('[')
    const command = parseCommand(`${many ? 'PUSHB' : 'PUSH'} ${text.replace(/[\r\n]+/g, ' ')}`)
    if (isRefusal(command)) throw refused(command)
    const jobs =
      command.verb === 'PUSHB' ? command.jobs : command.verb === 'PUSH' ? [command.job] : []
    const failed: Record<string, string> = {}
    await Promise.all(
      jobs.map(async (job) => {
        const refusal = await runRule(store, push, job)
        if (refusal === undefined) {
          tellPushed(web.activity, job, web.clock)
          return
        }
        if (!many) throw refused(refusal)
        failed[job.jid] = refusal.text
      }),
    )
    tell(c, 'push', { count: jobs.length })
    const pushed = jobs.length - Object.keys(failed).length
    return send(c, { pushed, refused: failed }, 201)
  })

  /** The newest job of the jid. */
  const jobOf = async (c: Ctx): Promise<Job> => {
    const jid = c.req.param('jid') ?? ''
    const { jobs, complete } = await loadJob(web, jid)
    const [job] = jobs
    if (job !== undefined) return job
    if (complete) throw new Problem(404, 'NO_JOB', `no trace of a job ${jid}`)
    throw new Problem(503, 'NOT_SEARCHED', 'not every waiting job could be looked at in time')
  }
  api.get('/jobs/:jid', async (c) => {
    const jid = c.req.param('jid')
    const { jobs, why, complete, runs } = await loadJob(web, jid)
    const hides = hiding()
    const [job, ...others] = jobs
    if (job === undefined) {
      throw new Problem(404, 'NO_JOB', String((goneJson(runs[0]) ?? whyJson(why))['text']))
    }
    return send(c, {
      ...jobJson(job, hides),
      why: whyJson(why),
      others: others.map((other) => jobJson(other, hides)),
      complete,
      runs: runs.map(runJson),
    })
  })
  api.get('/jobs/:jid/why', async (c) => {
    const { jobs, why, runs } = await loadJob(web, c.req.param('jid'))
    const gone = jobs.length === 0 ? goneJson(runs[0]) : undefined
    return send(c, gone ?? whyJson(why))
  })
  api.patch('/jobs/:jid', async (c) => {
    const job = await jobOf(c)
    const { priority, queue, at } = await readShape(c, CHANGE)
    const refusal = await changeJob(store, job, { priority, queue, at })
    if (refusal !== undefined) throw refused(refusal)
    tell(c, 'change job', { jid: job.jid })
    return c.body(null, 204)
  })
  const deed = async (c: Ctx, doing: Doing): Promise<Response> => {
    const job = await jobOf(c)
    if (!(await doToJob(store, job, doing))) {
      throw new Problem(409, 'NOT_THERE', `${job.jid} cannot be done this where it is now`)
    }
    tell(c, doing, { jid: job.jid })
    return c.body(null, 204)
  }
  for (const doing of ['retry', 'kill', 'recover'] as const) {
    api.post(`/jobs/:jid/${doing}`, (c) => deed(c, doing))
  }
  api.delete('/jobs/:jid', (c) => deed(c, 'delete'))

  // ---- many jobs

  api.get('/actions', (c) => send(c, { items: mass.list().map(actionJson) }))
  api.get('/actions/:id', (c) => {
    const action = mass.get(c.req.param('id'))
    if (action === undefined) throw new Problem(404, 'NO_ACTION', 'there is no such action')
    return send(c, actionJson(action))
  })
  api.post('/actions', async (c) => {
    const body = await readShape(c, ACTION)
    const place = placeOf(body.set, body.queue)
    if (place === undefined) throw new Problem(422, 'NO_PLACE', 'waiting needs a queue')
    if (!canDo(place, body.do)) {
      throw new Problem(422, 'CANNOT', `${body.do} cannot be done to ${body.set} jobs`)
    }
    const filter =
      body.jids === undefined ? parseFilter(body.q, web.settings().hide) : filterOfJids(body.jids)
    if (body.dry_run) {
      const { seq } = await store.select(place, filter)
      return send(c, { total: seq.length })
    }
    const { action, ended } = mass.start({
      doing: body.do,
      place,
      filter,
      q: body.q,
      by: c.var.view.user,
      nowMs: c.var.view.nowMs,
      upTo: Infinity,
    })
    tell(c, body.do, { place: body.set, q: body.q, jids: body.jids?.slice(0, 20) })
    if ((body.jids?.length ?? Infinity) <= AT_ONCE) await ended
    return send(c, actionJson(action), 202)
  })
  api.post('/actions/:id/stop', (c) => {
    mass.stop(c.req.param('id'))
    tell(c, 'stop action', { id: c.req.param('id') })
    return c.body(null, 204)
  })

  // ---- workers

  api.get('/workers', async (c) => send(c, { items: (await loadWorkers(web)).map(workerJson) }))
  api.get('/workers/:wid', async (c) => {
    const found = (await loadWorkers(web)).find(({ wid }) => wid === c.req.param('wid'))
    if (found === undefined) throw new Problem(404, 'NO_WORKER', 'no such worker is connected')
    return send(c, workerJson(found))
  })
  for (const [verb, state] of [
    ['quiet', 'quiet'],
    ['stop', 'terminate'],
  ] as const) {
    api.post(`/workers/:wid/${verb}`, async (c) => {
      const wid = c.req.param('wid')
      const count = await runRule(store, signal, { wid: wid === 'all' ? undefined : wid, state })
      if (count === 0) throw new Problem(404, 'NO_WORKER', 'no such worker is connected')
      tell(c, `${verb} worker`, { wid, count })
      return c.body(null, 204)
    })
  }
  api.post('/workers/:wid/recover', async (c) => {
    const wid = c.req.param('wid')
    const place: Place = { state: State.Reserved }
    const held = await store.select(place, { parts: [heldBy(wid)] })
    let recovered = 0
    for (let from = 0; from < held.seq.length; from += SLICE) {
      recovered += await runRule(store, recover, { keys: sliceOf(held, from, SLICE) })
    }
    tell(c, 'recover jobs of worker', { wid, count: recovered })
    return send(c, { recovered })
  })
  return api
}

function send(c: Ctx, value: ValueObject, status: 200 | 201 | 202 = 200): Response {
  return c.body(write(value), status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
  })
}
