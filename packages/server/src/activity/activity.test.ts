import { expect, test } from 'vitest'
import { Activity } from './activity.ts'
import { ErrorGroups, HOUR_MS, MINUTE_MS } from './errors.ts'
import { OTHERS } from './live.ts'
import { rates, series, spanUntil, totals } from './reading.ts'
import { Tally } from './tally.ts'
import { Timeline } from './timeline.ts'

/** The start of an hour. */
const START = 1_700_002_800_000

const payload = (jobtype: string) => `{"jid":"job-1","jobtype":"${jobtype}","args":[]}`
const run = (jobtype: string, ms: number, atMs: number, queue = 'q') => ({
  jid: 'job-1',
  queue,
  payload: payload(jobtype),
  wid: 'w1',
  fetchedAtMs: atMs - ms,
  endedAtMs: atMs,
})
const REPORT = { errtype: 'Timeout', message: 'after 5 s', backtrace: ['a.rb:1'] }

test('counts a job’s way by queue, jobtype and minute', () => {
  const activity = new Activity(START)
  activity.pushed('q', 'T', true)
  activity.pushed('q', 'Late', false)
  activity.fetched({
    payload: payload('T'),
    queue: 'q',
    enqueuedAtMs: START,
    fetchedAtMs: START + 300,
    failure: undefined,
  })
  activity.done(run('T', 214, START + 1000))
  expect(activity.tick(START + MINUTE_MS - 1)).toBe(false)
  expect(activity.tick(START + MINUTE_MS)).toBe(true)
  activity.roll(START + MINUTE_MS, {
    all: { waiting: 4, running: 1, retries: 2, dead: 0 },
    queues: new Map([
      ['q', 3],
      ['idle', 1],
      ['empty', 0],
    ]),
  })
  activity.failed({ ...run('T', 90, START + MINUTE_MS + 5), went: 'dead' }, REPORT)

  const span = spanUntil(START + MINUTE_MS + 10, MINUTE_MS, 3)
  const [none, first, second] = series(activity, span)
  expect(none).toBeUndefined()
  expect(first).toMatchObject({ pushed: 2, entered: 1, fetched: 1, done: 1, waiting: 4 })
  expect(first?.run.percentile(0.5)).toBeCloseTo(214, -1)
  expect(first?.wait.percentile(0.5)).toBeCloseTo(300, -1)
  expect(second).toMatchObject({ failed: 1, died: 1, done: 0 })
  const late = series(activity, span, { by: 'jobtype', name: 'Late' })
  expect(late.map((tally) => tally?.pushed)).toEqual([undefined, 1, 0])
  expect(series(activity, span, { by: 'queue', name: 'idle' })[1]).toMatchObject({ waiting: 1 })

  const byType = totals(activity, span, 'jobtype')
  expect(byType.get('T')).toMatchObject({ pushed: 1, done: 1, failed: 1, runMs: 304 })
  expect([...totals(activity, span, 'queue').keys()].sort()).toEqual(['idle', 'q'])
  expect(activity.outcomes.of('job-1').map(({ result }) => result)).toEqual(['dead', 'done'])
})

test('minutes add up to hours, also when nothing happens and when the clock is set back', () => {
  const activity = new Activity(START)
  for (let minute = 0; minute < 130; minute += 1) {
    activity.done(run('T', 5, START))
    activity.roll(START + (minute + 1) * MINUTE_MS)
  }
  const nowMs = START + 130 * MINUTE_MS
  const byHour = () => series(activity, spanUntil(nowMs, HOUR_MS, 3)).map((tally) => tally?.done)
  expect(byHour()).toEqual([60, 60, 10])
  // Back by two hours: what is counted there is added to what was there.
  activity.roll(START + 10 * MINUTE_MS)
  activity.done(run('T', 5, START))
  activity.roll(START + 11 * MINUTE_MS)
  expect(byHour()).toEqual([61, 60, 10])
})

test('rates are those of the last minutes, and of a new server since its start', () => {
  const activity = new Activity(START + 30_000)
  for (let i = 0; i < 60; i += 1) activity.pushed('q', 'T', true)
  const first = rates(activity, START + 50_000)
  expect(first.seconds).toBe(20)
  expect(first.queues.get('q')).toMatchObject({ entered: 60 })
  for (let minute = 1; minute <= 20; minute += 1) activity.roll(START + minute * MINUTE_MS)
  const later = rates(activity, START + 20 * MINUTE_MS + 10_000)
  expect(later.seconds).toBe(310)
  expect(later.all.entered).toBe(0)
})

test('past the limit names are counted together, and idle ones make room', () => {
  const activity = new Activity(START, { limits: { names: 5, pairs: 20 } })
  for (let n = 0; n < 9; n += 1) activity.pushed(`q${n}`, `T${n}`, true)
  activity.entered(new Map([['q8', 2]]))
  const span = spanUntil(START, MINUTE_MS, 1)
  const queues = totals(activity, span, 'queue')
  expect([...queues.keys()]).toEqual(['q0', 'q1', 'q2', 'q3', 'q4', OTHERS])
  expect(queues.get(OTHERS)).toMatchObject({ pushed: 4, entered: 6 })
  expect(totals(activity, span, 'jobtype').get(OTHERS)).toMatchObject({ pushed: 4 })
  for (let minute = 1; minute <= 62; minute += 1) {
    activity.pushed('q0', 'T0', true)
    activity.roll(START + minute * MINUTE_MS)
  }
  activity.pushed('new', 'New', true)
  expect([...activity.live.moment().queues.keys()]).toContain('new')
  expect([...activity.live.moment().jobtypes.keys()]).toContain('New')
})

test('pairs are bounded, too', () => {
  const activity = new Activity(START, { limits: { names: 100, pairs: 10 } })
  for (let n = 0; n < 400; n += 1) activity.pushed(`q${n % 20}`, `T${n}`, true)
  expect([...activity.live.pairs()].length).toBeLessThanOrEqual(30)
  const queues = totals(activity, spanUntil(START, MINUTE_MS, 1), 'queue')
  expect([...queues.values()].reduce((sum, { pushed }) => sum + pushed, 0)).toBe(400)
})

test('FLUSH forgets all but who fetches what', () => {
  const activity = new Activity(START)
  activity.fetching('w1', ['q'])
  activity.marks.add({ label: 'v1', atMs: START })
  activity.failed({ ...run('T', 90, START), went: 'retry' }, REPORT)
  activity.roll(START + MINUTE_MS)
  activity.forget()
  expect(series(activity, spanUntil(START + MINUTE_MS, MINUTE_MS, 2))[0]).toBeUndefined()
  expect(activity.errors.list()).toEqual([])
  expect(activity.outcomes.of('job-1')).toEqual([])
  expect(activity.marks.between(0, Infinity)).toEqual([])
  expect(activity.fetchers.of('w1')).toBeDefined()
})

test('a timeline keeps no more steps and bytes than it may, and says which went', () => {
  const timeline = new Timeline({ stepMs: MINUTE_MS, steps: 10, bytesMax: 2000 })
  const tally = new Tally()
  tally.done = 3
  const names = (n: number) => new Map(Array.from({ length: n }, (_, i) => [`queue-${i}`, tally]))
  for (let index = 0; index < 30; index += 1) {
    timeline.add(index, { all: tally, queues: new Map(), jobtypes: new Map() })
  }
  expect(timeline.first).toBe(20)
  expect(timeline.dropped()).toEqual([])
  timeline.add(30, { all: tally, queues: names(15), jobtypes: new Map() })
  expect(timeline.bytes).toBeLessThanOrEqual(2000)
  const dropped = timeline.dropped()
  expect(dropped[0]).toBe(21)
  expect(timeline.first).toBe(dropped.length + 21)

  const back = new Timeline(timeline.grain)
  back.take(timeline.write(30) ?? '', 31)
  const read = new Tally()
  expect(back.read(30, read, { by: 'queue', name: 'queue-3' })).toBe(true)
  expect(read.done).toBe(3)
  expect(() => back.take('{"not":"it"}', 31)).toThrow(TypeError)
  const late = new Timeline(timeline.grain)
  late.take(timeline.write(30) ?? '', 45)
  expect(late.has(30)).toBe(false)
})

test('failures of one kind are one group, counted by minute and hour', () => {
  const groups = new ErrorGroups()
  const failing = (message: string, atMs: number, jobtype = 'T') =>
    groups.add({ ...REPORT, jid: 'job-1', queue: 'q', jobtype, message, atMs })
  failing('after 5 s', START)
  failing('after 6 s', START + 70 * MINUTE_MS)
  failing('after 6 s', START + 71 * MINUTE_MS)
  failing('after 5 s', START + 71 * MINUTE_MS, 'Other')
  const [other, group] = groups.list()
  expect(other?.jobtype).toBe('Other')
  expect(group).toMatchObject({
    print: 'after … s',
    firstMs: START,
    lastMs: START + 71 * MINUTE_MS,
    samples: [{ message: 'after 6 s' }, { message: 'after 5 s' }],
    backtrace: ['a.rb:1'],
  })
  expect(group?.hours.at(START / HOUR_MS)).toBe(1)
  expect(group?.hours.at(START / HOUR_MS + 1)).toBe(2)
  expect(group?.minutes.at(START / MINUTE_MS + 70)).toBe(1)

  const kept = groups.changes()
  expect(kept).toHaveLength(2)
  expect(groups.changes()).toEqual([])
  const back = new ErrorGroups()
  for (const [, text] of kept) back.take(text ?? '')
  const again = back.get(group?.id ?? '')
  expect(again?.samples).toEqual(group?.samples)
  expect(again?.hours.sum(0, Infinity)).toBe(3)
})

test('of more than a thousand kinds those not seen for longest go', () => {
  const groups = new ErrorGroups()
  for (let n = 0; n < 1010; n += 1) {
    const jobtype = `T${n}`
    groups.add({ ...REPORT, jid: 'job-1', queue: 'q', jobtype, atMs: START + n })
    if (n === 500) groups.add({ ...REPORT, jid: 'j', queue: 'q', jobtype: 'T0', atMs: START + n })
  }
  const kept = groups.list()
  expect(kept).toHaveLength(1000)
  expect(kept.some(({ jobtype }) => jobtype === 'T0')).toBe(true)
  expect(kept.some(({ jobtype }) => jobtype === 'T1')).toBe(false)
  expect(groups.changes().filter(([, text]) => text === undefined)).toHaveLength(10)
})
