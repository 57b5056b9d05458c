import { formatTime } from '@jobmill/protocol'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Group } from '../../activity/timeline.ts'
import { audit } from '../actions/audit.ts'
import type { Env } from '../context.ts'
import { countsOf, filterOfGroup, loadErrors, type GroupFacts } from '../facts/errors.ts'
import { rangeOf, RANGES, type Range } from '../facts/ranges.ts'
import { linesOf, loadHistory, loadTotals, type Metric } from '../facts/series.ts'
import { addressOf } from '../guard/auth.ts'
import type { Tools } from '../tools.ts'
import { readShape } from './bodies.ts'
import { Problem } from './problems.ts'
import { write, type ValueObject } from './render.ts'

type Ctx = Context<Env>

const MARK = v.strictObject({
  label: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)),
  at: v.optional(v.pipe(v.string(), v.isoTimestamp())),
})

const METRICS: readonly Metric[] = ['throughput', 'wait', 'run']

/** What happened over time. */
export function activityRoutes(api: Hono<Env>, { web }: Tools): void {
  api.get('/series', (c) => {
    const metric = METRICS.find((known) => known === (c.req.query('metric') ?? 'throughput'))
    if (metric === undefined) {
      throw new Problem(422, 'NO_METRIC', `metric is one of ${METRICS.join(', ')}`)
    }
    const range = rangeIn(c)
    const by = groupIn(c)
    const name = c.req.query('name') ?? ''
    const history = loadHistory(web, range, by === undefined ? undefined : { by, name })
    return send(c, {
      metric,
      range: range.key,
      unit: metric === 'throughput' ? 'per_s' : 's',
      from: formatTime(history.span.fromMs),
      step_s: range.stepMs / 1000,
      series: linesOf(history, metric).map((line) => ({
        name: line.name,
        values: line.values.map((value) => {
          if (value === undefined) return null
          return metric === 'throughput' ? value : value / 1000
        }),
      })),
      marks: history.marks.map(({ label, atMs }) => ({ label, at: formatTime(atMs) })),
    })
  })

  api.get('/totals', (c) => {
    const by = groupIn(c) ?? 'jobtype'
    const range = rangeIn(c)
    const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000)
    return send(c, {
      by,
      range: range.key,
      items: loadTotals(web, range, by).map(([name, tally]) => ({
        name,
        pushed: tally.pushed,
        fetched: tally.fetched,
        done: tally.done,
        failed: tally.failed,
        run_s_total: tally.runMs / 1000,
        wait_p50_s: seconds(tally.wait.percentile(0.5)),
        wait_p95_s: seconds(tally.wait.percentile(0.95)),
        wait_p99_s: seconds(tally.wait.percentile(0.99)),
        run_p50_s: seconds(tally.run.percentile(0.5)),
        run_p95_s: seconds(tally.run.percentile(0.95)),
        run_p99_s: seconds(tally.run.percentile(0.99)),
      })),
    })
  })

  api.get('/errors', async (c) => {
    const { range, groups, failures, isCounted } = await loadErrors(web, rangeIn(c))
    return send(c, {
      range: range.key,
      failures,
      is_counted: isCounted,
      items: groups.map(groupJson),
    })
  })
  api.get('/errors/:group', async (c) => {
    const group = web.activity.errors.get(c.req.param('group'))
    if (group === undefined) throw new Problem(404, 'NO_ERROR', 'there is no such kind of error')
    const range = rangeIn(c)
    const { groups } = await loadErrors(web, range)
    const facts = groups.find((one) => one.group.id === group.id) ?? {
      ...countsOf(web, group, range),
      retries: 0,
      dead: 0,
    }
    return send(c, {
      ...groupJson(facts),
      samples: group.samples.map(({ jid, message, atMs }) => ({
        jid,
        message,
        at: formatTime(atMs),
      })),
      backtrace: group.backtrace,
    })
  })

  api.post('/marks', async (c) => {
    const { label, at } = await readShape(c, MARK)
    const atMs = at === undefined ? web.clock.now() : Date.parse(at)
    web.activity.marks.add({ label, atMs })
    await web.keepMarks()
    audit(web, c.var.view, addressOf(c), 'mark', { label })
    return send(c, { label, at: formatTime(atMs) }, 201)
  })
}

function rangeIn(c: Ctx): Range {
  const key = c.req.query('range') ?? ''
  if (key !== '' && !RANGES.some((one) => one.key === key)) {
    const keys = RANGES.map((one) => one.key).join(', ')
    throw new Problem(422, 'NO_RANGE', `range is one of ${keys}`)
  }
  return rangeOf(key)
}

function groupIn(c: Ctx): Group | undefined {
  const by = c.req.query('by') ?? ''
  if (by === '') return undefined
  if (by !== 'queue' && by !== 'jobtype') {
    throw new Problem(422, 'NO_GROUP', 'by is queue or jobtype')
  }
  return by
}

const groupJson = ({ group, count, retries, dead }: GroupFacts): ValueObject => ({
  id: group.id,
  jobtype: group.jobtype,
  queue: group.queue,
  errtype: group.errtype,
  message: group.print,
  count,
  retries,
  dead,
  first_at: formatTime(group.firstMs),
  last_at: formatTime(group.lastMs),
  q: filterOfGroup(group),
})

function send(c: Ctx, value: ValueObject, status: 200 | 201 = 200): Response {
  return c.body(write(value), status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
  })
}
