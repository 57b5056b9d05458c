import { State } from '@jobmill/core'
import { createHash } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { FilterError, parseFilter } from '../../filter/parse.ts'
import { Hiding } from '../../filter/values.ts'
import type { Tools } from '../tools.ts'
import type { Doing } from '../actions/mass.ts'
import { canDo } from '../actions/mass.ts'
import type { Env, Web } from '../context.ts'
import { loadJob } from '../facts/job.ts'
import { loadList } from '../facts/list.ts'
import { loadOverview } from '../facts/overview.ts'
import { placeOf } from '../facts/places.ts'
import { search, type SearchGroup } from '../facts/search.ts'
import { loadWorkers } from '../facts/workers.ts'
import { layout, type Page } from '../parts/layout.tsx'
import type { View } from '../view.ts'
import { actionPage, actionsPage, confirmPage, type Plan } from './actions.tsx'
import { busyPage, loadBusy } from './busy.tsx'
import { jobPage } from './job.tsx'
import { overviewPage } from './overview.tsx'
import { loadQueue, queuePage } from './queue.tsx'
import { queuePath, queuesPage } from './queues.tsx'
import { searchPage } from './search.tsx'
import { loadSet, setPage } from './set.tsx'
import { healthPage, helpPage, messagePage, preferencesPage } from './small.tsx'

type Ctx = Context<Env>
type Status = 200 | 404 | 422

/** Every page that is looked at. */
export function pageRoutes(app: Hono<Env>, { web, mass }: Tools): void {
  const page = (path: string, load: (view: View, c: Ctx) => Promise<Page> | Page): void => {
    app.get(path, async (c) => show(c, await load(c.var.view, c)))
  }

  page('/', async (view) => overviewPage(view, await loadOverview(web), web.server))
  page('/queues', async (view) => {
    const [queues, workers] = await Promise.all([web.store.queues(), loadWorkers(web)])
    return queuesPage(view, { queues, workers: workers.length })
  })
  app.get('/queues/:name', async (c) => {
    const { view } = c.var
    const name = c.req.param('name')
    const facts = await loadQueue(web, view, name)
    if (facts !== undefined) return show(c, queuePage(view, facts))
    return show(c, await missingQueue(web, view, name), 404)
  })
  for (const [path, set] of [
    ['/retries', State.Retry],
    ['/scheduled', State.Scheduled],
    ['/morgue', State.Dead],
  ] as const) {
    page(path, async (view) => setPage(view, await loadSet(web, view, set)))
    // Faktory's links to one job: <time>|<jid>.
    app.get(`${path}/:key`, (c) => toJob(c, c.req.param('key')))
  }
  app.get('/filter/:set', (c) => {
    const set = c.req.param('set')
    const path = ['retries', 'scheduled', 'morgue'].includes(set) ? `/${set}` : '/'
    return c.redirect(c.var.view.href(path, { q: c.var.view.query('substr') }))
  })
  app.get('/jobs/:jid/json', async (c) => {
    const { jobs } = await loadJob(web, c.req.param('jid'))
    const [job] = jobs
    if (job === undefined) return c.notFound()
    const hiding = new Hiding(web.settings().hide)
    const shown = hiding.applyToJob(job.payload)
    c.header('Content-Disposition', 'attachment; filename="job.json"')
    return c.body(shown, 200, { 'Content-Type': 'application/json' })
  })
  app.get('/jobs/:jid', async (c) => {
    const jid = c.req.param('jid')
    const story = await loadJob(web, jid)
    const shown = jobPage(c.var.view, jid, story, web.settings().hide)
    return show(c, shown, story.jobs.length === 0 ? 404 : 200)
  })
  page('/busy', async (view) => busyPage(view, await loadBusy(web, view)))
  page('/workers/:wid', async (view, c) => {
    const wid = c.req.param('wid') ?? ''
    return busyPage(view, await loadBusy(web, view, wid), wid)
  })
  app.get('/search', (c) => searchRoute(c, web))
  page('/health', async (view) => healthPage(view, web.server, await web.server.backups.list()))
  page('/preferences', preferencesPage)
  page('/help', helpPage)

  page('/actions', (view) => actionsPage(view, mass.list()))
  app.get('/actions/new', async (c) => {
    const { view } = c.var
    // It counts, which is work: only for those who may go on.
    const plan = view.mayAct ? await planOf(web, view, (name) => view.query(name)) : undefined
    if (plan === undefined) return c.notFound()
    return show(c, confirmPage(view, plan, web.settings().hide))
  })
  app.get('/actions/:id', (c) => {
    const action = mass.get(c.req.param('id'))
    return action === undefined ? c.notFound() : show(c, actionPage(c.var.view, action))
  })
}

/**
 * Sends a page. A live update that would get the same again gets 204: the page's body is its own
 * version.
 */
export async function show(c: Ctx, page: Page, status: Status = 200): Promise<Response> {
  const text = String(await layout(c.var.view, page))
  c.header('Cache-Control', 'no-store')
  const version = versionOf(text)
  c.header('X-Jobmill-Version', version)
  if (c.req.header('X-Jobmill-Live') === version) return c.body(null, 204)
  return c.html(text, status)
}

/** Of what changes: the clock and the token of a form do not count. */
function versionOf(text: string): string {
  const bare = text
    .replace(/<p id="clock">[^<]*<\/p>/, '')
    .replace(/name="csrf" value="[^"]*"/g, '')
  return createHash('sha1').update(bare).digest('base64url')
}

function toJob(c: Ctx, key: string): Response {
  const jid = key.slice(key.lastIndexOf('|') + 1)
  return c.redirect(c.var.view.href(`/jobs/${encodeURIComponent(jid)}`))
}

async function searchRoute(c: Ctx, web: Web): Promise<Response> {
  const { view } = c.var
  const q = view.query('q').trim()
  const hiding = new Hiding(web.settings().hide)
  if (q === '') return show(c, searchPage(view, [], undefined, hiding))
  // A whole jid opens its job.
  if (/^[\w.-]{8,}$/.test(q)) {
    const { jobs } = await loadJob(web, q)
    if (jobs.length > 0) return c.redirect(view.href(`/jobs/${encodeURIComponent(q)}`))
  }
  let groups: readonly SearchGroup[]
  try {
    groups = await search(web, q)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return show(c, searchPage(view, [], error.message, hiding), 422)
  }
  return show(c, searchPage(view, groups, undefined, hiding))
}

async function missingQueue({ store }: Web, view: View, name: string): Promise<Page> {
  const { queues } = await store.stats()
  const near = [...queues.keys()]
    .filter((known) => known.includes(name.slice(0, 3)) || name.includes(known.slice(0, 3)))
    .slice(0, 5)
  return messagePage(
    view,
    view.t.notFoundQueue(name),
    near.length === 0 ? view.t.emptyQueuesMore : view.t.nearNames,
    near.map((known) => [queuePath(known), known]),
  )
}

/**
 * What a mass action would do, from the fields of its link or form.
 * @returns undefined when there is no such action. Throws FilterError.
 */
export async function planOf(
  web: Web,
  view: View,
  field: (name: string) => string,
): Promise<Plan | undefined> {
  const place = placeOf(field('set'), field('queue'))
  const doing = field('do')
  if (place === undefined || !isDoing(doing)) return undefined
  if (doing === 'clear' ? place.state !== State.Queued : !canDo(place, doing)) return undefined
  const q = doing === 'clear' ? '' : field('q')
  const filter = parseFilter(q, web.settings().hide)
  const page = await loadList(web, {
    place,
    q,
    after: '',
    before: '',
    limit: 5,
    reversed: place.state === State.Dead,
  })
  const upTo = Number(field('up')) || (view.stats?.lastSeq ?? 0)
  const count = filter.parts.length === 0 ? page.total : await countOf(web, place, filter, upTo)
  return { doing, place, q, filter, page, count, upTo }
}

async function countOf(
  { store }: Web,
  place: Plan['place'],
  filter: Plan['filter'],
  upTo: number,
): Promise<number> {
  const { seq } = await store.select(place, filter)
  const end = seq.findIndex((one) => one > upTo)
  return end < 0 ? seq.length : end
}

const isDoing = (text: string): text is Doing | 'clear' =>
  ['retry', 'kill', 'delete', 'recover', 'clear'].includes(text)
