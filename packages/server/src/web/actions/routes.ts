import {
  isQueueName,
  pauseQueues,
  removeQueues,
  resumeQueues,
  signal,
  State,
  type TimedState,
} from '@jobmill/core'
import { refuse } from '@jobmill/protocol'
import type { Context, Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { filterOfJids } from '../../filter/filter.ts'
import type { Tools } from '../tools.ts'
import { runRule } from '../../store/store.ts'
import type { Env } from '../context.ts'
import { PATHS, readCursor } from '../facts/places.ts'
import { addressOf } from '../guard/auth.ts'
import { crossSite, fromBrowser, knowsToken } from '../guard/csrf.ts'
import { confirmPage, toType } from '../pages/actions.tsx'
import { askPage } from '../pages/ask.tsx'
import { planOf, show } from '../pages/routes.tsx'
import { messagePage } from '../pages/small.tsx'
import { COOKIES } from '../preferences.ts'
import { layout } from '../parts/layout.tsx'
import type { Query, View } from '../view.ts'
import { audit } from './audit.ts'
import { Fields, readForm } from './form.ts'
import { changeJob, doToJob, withdrawPlaces } from './jobs.ts'
import { canDo, type Doing } from './mass.ts'

type Ctx = Context<Env>

/** So many jobs are done before the answer; more go on by themselves. */
const AT_ONCE = 100
const YEAR_S = 365 * 86_400

/** Every form. Each answer to a POST is a redirect, or a page that says why nothing was done. */
export function actionRoutes(app: Hono<Env>, tools: Tools): void {
  const { web, mass, flashes } = tools
  const { store } = web

  /** Goes to a page with a sentence on it. */
  const done = (c: Ctx, path: string, text: string, query: Query = {}): Response =>
    c.redirect(c.var.view.href(path, { ...query, flash: flashes.keep(text) }), 303)
  const refused = (
    c: Ctx,
    title: string,
    text: string,
    status: 400 | 403 | 422,
  ): Promise<Response> =>
    Promise.resolve(c.html(layout(c.var.view, messagePage(c.var.view, title, text)), status))
  const tell = (c: Ctx, what: string, details: Record<string, unknown>): void =>
    audit(web, c.var.view, addressOf(c), what, details)

  /** A form's fields, once it is sure that they come from somebody who may. */
  const form = (path: string, act: (c: Ctx, fields: Fields) => Promise<Response>): void => {
    app.post(path, async (c) => {
      const { view } = c.var
      const { headers } = c.req.raw
      const strange = crossSite({ headers, url: web.settings().url }, false)
      if (strange !== undefined) {
        return refused(c, view.t.refused, `${strange} ${view.t.refusedFix}`, 403)
      }
      const fields = await readForm(c)
      if (fields === undefined) return refused(c, view.t.invalid, view.t.chooseOne, 400)
      if (
        fromBrowser(headers) &&
        !knowsToken(fields.text('csrf'), await tools.secret.get(), view.caller, view.nowMs)
      ) {
        return refused(c, view.t.refused, view.t.refusedToken, 403)
      }
      if (!view.mayAct && path !== '/preferences') {
        return refused(c, view.t.refused, view.t.refusedReader, 403)
      }
      return act(c, fields)
    })
  }

  for (const [path, set] of [
    ['/retries', State.Retry],
    ['/scheduled', State.Scheduled],
    ['/morgue', State.Dead],
  ] as const) {
    form(path, (c, fields) => setForm(c, path, set, fields))
    form(`${path}/:key`, (c, fields) => {
      const key = new URLSearchParams({
        action: fields.text('action'),
        key: c.req.param('key') ?? '',
      })
      return setForm(c, path, set, new Fields(key))
    })
  }

  async function setForm(c: Ctx, path: string, set: TimedState, fields: Fields): Promise<Response> {
    const { view } = c.var
    const doing = doingOf(fields.text('action'))
    if (doing === undefined || !canDo({ state: set }, doing)) {
      return refused(c, view.t.invalid, `invalid action: ${fields.text('action')}`, 422)
    }
    const keys = fields.all('key')
    const jids = [...fields.all('jid'), ...keys.map((key) => key.slice(key.lastIndexOf('|') + 1))]
    const everything = keys.length === 1 && keys[0] === 'all'
    if (jids.length === 0) return refused(c, view.t.chooseOne, '', 422)
    if (doing === 'delete' && mustAsk(c, fields)) {
      return show(c, askPage(view, { path, action: 'delete', name: 'jid', values: jids }))
    }
    const { action, ended } = mass.start({
      doing,
      place: { state: set },
      filter: everything ? { parts: [] } : filterOfJids(jids),
      q: everything ? '' : jids.length === 1 ? (jids[0] ?? '') : '',
      by: view.user,
      nowMs: view.nowMs,
      upTo: Infinity,
    })
    tell(c, doing, { set: PATHS[set].slice(1), jids: jids.slice(0, 20), count: jids.length })
    if (everything) return c.redirect(view.href(`/actions/${action.id}`), 303)
    await ended
    if (action.state === 'failed') return refused(c, view.t.invalid, action.failure, 422)
    return done(c, path, outcome(view, doing, action.done, jids.length - action.done))
  }

  form('/queues/:name', async (c, fields) => {
    const { view } = c.var
    const name = c.req.param('name') ?? ''
    const path = `/queues/${encodeURIComponent(name)}`
    const places = fields.all('job').flatMap((text) => readCursor(text) ?? [])
    const action = fields.text('action')
    const queues = await store.queues()
    if (!queues.some((queue) => queue.name === name)) {
      return done(c, '/queues', view.t.notFoundQueue(name))
    }
    switch (action) {
      case 'pause':
        if (!isQueueName(name)) {
          return refused(c, view.t.invalid, refuse('INVALID_QUEUE_NAME', name).text, 422)
        }
        await runRule(store, pauseQueues, { names: [name] })
        tell(c, 'pause queue', { queue: name })
        return done(c, backTo(fields, path), view.t.donePause(name))
      case 'resume':
        await runRule(store, resumeQueues, { names: [name] })
        tell(c, 'resume queue', { queue: name })
        return done(c, backTo(fields, path), view.t.doneResume(name))
      case 'kill':
      case 'discard': {
        if (places.length === 0) return refused(c, view.t.chooseOne, '', 422)
        const doing = action === 'kill' ? 'kill' : 'delete'
        if (doing === 'delete' && mustAsk(c, fields)) {
          const values = fields.all('job')
          return show(c, askPage(view, { path, action, name: 'job', values }))
        }
        const count = await withdrawPlaces(store, name, places, doing)
        tell(c, `${doing} waiting jobs`, { queue: name, count })
        return done(c, path, outcome(view, doing, count, places.length - count))
      }
      case 'delete':
        // Nothing ticked must not mean everything: from a browser only the Clear page says so.
        if (fromBrowser(c.req.raw.headers) && fields.text('scope') !== 'queue') {
          return refused(c, view.t.chooseOne, '', 422)
        }
        await runRule(store, removeQueues, { names: [name] })
        tell(c, 'clear queue', { queue: name })
        return done(c, '/queues', view.t.doneClear(name))
      default:
        return refused(c, view.t.invalid, `invalid action: ${action}`, 422)
    }
  })

  form('/jobs/:jid', async (c, fields) => {
    const { view } = c.var
    const jid = c.req.param('jid') ?? ''
    const path = `/jobs/${encodeURIComponent(jid)}`
    const { jobs } = await store.find(jid, 1000)
    const job = jobs.find(({ seq }) => String(seq) === fields.text('seq'))
    const action = fields.text('action')
    if (job === undefined) return done(c, path, view.t.doneMoved(1, view.f))
    if (action === 'change') {
      const at = fields.text('at')
      const before = new Date(job.at).toISOString().slice(0, 19)
      const refusal = await changeJob(store, job, {
        priority: Number(fields.text('priority')) || undefined,
        queue: fields.text('queue') || undefined,
        at: at === '' || at.startsWith(before) ? undefined : at,
      })
      if (refusal !== undefined) return refused(c, view.t.invalid, refusal.text, 422)
      tell(c, 'change job', { jid })
      return done(c, path, view.t.doneChange)
    }
    const doing = doingOf(action)
    if (doing === undefined) return refused(c, view.t.invalid, `invalid action: ${action}`, 422)
    const hit = await doToJob(store, job, doing)
    tell(c, doing, { jid })
    return done(c, path, outcome(view, doing, hit ? 1 : 0, hit ? 0 : 1))
  })

  form('/busy', async (c, fields) => {
    const { view } = c.var
    const wid = fields.text('wid')
    const state = fields.text('signal')
    if (state !== 'quiet' && state !== 'terminate') {
      return refused(c, view.t.invalid, `Invalid signal: ${state}`, 422)
    }
    if (wid === '') return refused(c, view.t.chooseOne, '', 422)
    const count = await runRule(store, signal, { wid: wid === 'all' ? undefined : wid, state })
    if (count === 0) return done(c, '/busy', view.t.emptyWorkers)
    tell(c, `${state} worker`, { wid, count })
    return done(c, '/busy', state === 'quiet' ? view.t.doneQuiet : view.t.doneStop)
  })

  form('/backups', (c) => {
    const { view } = c.var
    const begun = web.server.backups.begin()
    if (begun) tell(c, 'backup', {})
    return Promise.resolve(done(c, '/health', begun ? view.t.backupStarted : view.t.backupBusy))
  })

  form('/actions', async (c, fields) => {
    const { view } = c.var
    const plan = await planOf(web, view, (name) => fields.text(name))
    if (plan === undefined) return refused(c, view.t.invalid, '', 422)
    const wanted = toType(plan)
    if (wanted !== '' && fields.text('typed').trim() !== wanted) {
      return show(c, confirmPage(view, plan, web.settings().hide, true), 422)
    }
    const { doing, place, q, filter, upTo } = plan
    if (doing === 'clear' && place.state === State.Queued) {
      await runRule(store, removeQueues, { names: [place.queue] })
      tell(c, 'clear queue', { queue: place.queue })
      return done(c, '/queues', view.t.doneClear(place.queue))
    }
    const { action, ended } = mass.start({
      doing: doing === 'clear' ? 'delete' : doing,
      place,
      filter,
      q,
      by: view.user,
      nowMs: view.nowMs,
      upTo,
    })
    tell(c, doing, { place, q, count: plan.count })
    if (plan.count <= AT_ONCE) await ended
    return done(c, `/actions/${action.id}`, view.t.doneStarted)
  })
  form('/actions/:id/stop', (c) => {
    const id = c.req.param('id') ?? ''
    mass.stop(id)
    tell(c, 'stop action', { id })
    return Promise.resolve(c.redirect(c.var.view.href(`/actions/${id}`), 303))
  })

  form('/preferences', (c, fields) => {
    for (const name of Object.values(COOKIES)) {
      if (!fields.has(name)) continue
      setCookie(c, name, fields.text(name), {
        path: `${c.var.view.prefix}/`,
        maxAge: YEAR_S,
        sameSite: 'Lax',
      })
    }
    return Promise.resolve(done(c, '/preferences', c.var.view.t.saved))
  })
}

/** People are asked before jobs are gone for good; a script has said what it wants. */
const mustAsk = (c: Ctx, fields: Fields): boolean =>
  fromBrowser(c.req.raw.headers) && fields.text('sure') !== 'yes'

/** Faktory's words mean the same as ours. */
function doingOf(action: string): Doing | undefined {
  switch (action) {
    case 'retry':
    case 'add_to_queue':
      return 'retry'
    case 'kill':
    case 'delete':
    case 'recover':
      return action
    default:
      return undefined
  }
}

function outcome(view: View, doing: Doing, count: number, moved: number): string {
  const { t, f } = view
  const texts = {
    retry: t.doneRetry,
    kill: t.doneKill,
    delete: t.doneDelete,
    recover: t.doneRecover,
  }
  const text = texts[doing](count, f)
  return moved > 0 ? `${text} ${t.doneMoved(moved, f)}` : text
}

/** The page a button stood on, where it is one of ours. */
const backTo = (fields: Fields, path: string): string =>
  fields.text('back') === 'queues' ? '/queues' : path
