import { canonicalJob, globMatcher, parseRfc3339, spans, type Failure } from '@jobmill/protocol'
import { State } from '@jobmill/core'
import type { Comparison, JobFilter, Part, Test } from './filter.ts'
import { Hiding, plain, valueAt } from './values.ts'

/** What a filter looks at. */
export interface FilteredJob {
  readonly jid: string
  readonly queue: string
  readonly priority: number
  readonly state: State
  readonly at: number
  readonly wid: string
  readonly payload: string
  readonly failure: Failure | undefined
}

type Fits = (job: FilteredJob) => boolean

/**
 * Makes a filter ready to run over many jobs. A job whose payload cannot be read fits no part that
 * has to read it.
 * @param nowMs epoch ms, for relative times
 */
export function filterTest(filter: JobFilter, nowMs: number): Fits {
  const tests = filter.parts.map((part) => partTest(part, filter, nowMs))
  return (job) => {
    try {
      return tests.every((fits) => fits(job))
    } catch {
      // One damaged row must not stop the work on all others; `jobmill check` names it.
      return false
    }
  }
}

function partTest(part: Part, filter: JobFilter, nowMs: number): Fits {
  const fits = testOf(part, new Hiding(filter.hidden ?? []), nowMs)
  return part.negated ? (job) => !fits(job) : fits
}

function testOf(test: Test, hiding: Hiding, nowMs: number): Fits {
  switch (test.field) {
    case 'word':
      return wordTest(test.text.toLowerCase())
    case 'jid':
    case 'queue':
    case 'jobtype':
    case 'worker':
    case 'error':
      return textTest(test.field, test.patterns)
    case 'state':
      return (job) => test.states.includes(job.state)
    case 'priority':
      return (job) => test.values.includes(job.priority)
    case 'tries':
      return (job) => holds(triesOf(job), test.is, test.value)
    case 'size':
      return (job) => holds(Buffer.byteLength(job.payload), test.is, test.value)
    case 'wait':
      return (job) => job.state === State.Queued && holds(nowMs - job.at, test.is, test.value)
    case 'at':
    case 'failed':
    case 'created':
      return timeTest(test, nowMs)
    case 'args':
      return (job) =>
        hiding.apply(memberOf(job.payload, 'args') ?? '', 'args').text.includes(test.text)
    case 'message':
      return (job) => (job.failure?.message ?? '').includes(test.text)
    case 'value': {
      if (hiding.hides([test.root, ...test.path])) return () => false
      const fits = patternTest(test.pattern)
      return (job) => {
        const value = valueAt(memberOf(job.payload, test.root) ?? '', test.path)
        return value !== undefined && fits(plain(value))
      }
    }
    case 'whole': {
      const fits = globMatcher(test.glob)
      return (job) => fits(canonicalJob(job.payload, '', job.failure))
    }
  }
}

function wordTest(word: string): Fits {
  return (job) =>
    job.jid.toLowerCase() === word ||
    [jobtypeOf(job), job.queue, job.failure?.errtype ?? ''].some((text) =>
      text.toLowerCase().includes(word),
    )
}

function textTest(
  field: 'jid' | 'queue' | 'jobtype' | 'worker' | 'error',
  patterns: readonly string[],
): Fits {
  const tests = patterns.map(patternTest)
  const read: Record<typeof field, (job: FilteredJob) => string> = {
    jid: (job) => job.jid,
    queue: (job) => job.queue,
    jobtype: jobtypeOf,
    worker: (job) => job.wid,
    error: (job) => job.failure?.errtype ?? '',
  }
  return (job) => {
    const text = read[field](job)
    return tests.some((fits) => fits(text))
  }
}

/** `*` any text, `\*` a star; all else stands for itself. */
const patternTest = (pattern: string): ((text: string) => boolean) =>
  globMatcher(pattern.replace(/[?[\]]/g, '\\$&'))

function timeTest(
  test: Extract<Test, { field: 'at' | 'failed' | 'created' }>,
  nowMs: number,
): Fits {
  const read: Record<typeof test.field, (job: FilteredJob) => number | undefined> = {
    at: (job) => job.at,
    failed: (job) => parseRfc3339(job.failure?.failedAt ?? ''),
    created: (job) => parseRfc3339(plain(memberOf(job.payload, 'created_at') ?? '""')),
  }
  return (job) => {
    const ms = read[test.field](job)
    if (ms === undefined) return false
    if (!test.relative) return holds(ms, test.is, test.value)
    return holds(test.field === 'at' ? ms - nowMs : nowMs - ms, test.is, test.value)
  }
}

function holds(value: number, is: Comparison, than: number): boolean {
  switch (is) {
    case '<':
      return value < than
    case '<=':
      return value <= than
    case '=':
      return value === than
    case '>=':
      return value >= than
    case '>':
      return value > than
  }
}

const triesOf = (job: FilteredJob): number =>
  job.failure === undefined ? 0 : job.failure.retryCount + 1

/** The text of a payload's member. */
export function memberOf(payload: string, name: string): string | undefined {
  const found = spans(payload).findLast((span) => span.name === name)
  return found === undefined ? undefined : payload.slice(found.from, found.to)
}

/** The jobtype of a payload; throws when that cannot be read. */
export function jobtypeOf({ payload }: { readonly payload: string }): string {
  // A payload is an object: push saw to it.
  const { jobtype } = JSON.parse(payload) as { jobtype?: unknown }
  return typeof jobtype === 'string' ? jobtype : ''
}
