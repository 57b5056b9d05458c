import { State } from '@jobmill/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asPattern, filterOfJids, jidsOf } from './filter.ts'
import { filterTest, type FilteredJob } from './fits.ts'
import { FilterError, parseFilter } from './parse.ts'
import { Hiding, plain, valueAt } from './values.ts'

const NOW = Date.parse('2026-11-25T06:00:00Z')
const JOB: FilteredJob = {
  jid: 'k3JxPQaQ7vLw2mNc',
  queue: 'critical',
  priority: 7,
  state: State.Retry,
  at: NOW + 240_000,
  wid: '',
  payload:
    '{"jid":"k3JxPQaQ7vLw2mNc","jobtype":"Charge::Card","args":[{"order":99120,"token":"s3cret",' +
    '"big":899999999999999990,"note":"two words"}],"custom":{"tenant":"acme"},' +
    '"created_at":"2026-11-25T05:00:00Z"}',
  failure: {
    failedAt: '2026-11-25T05:30:00Z',
    errtype: 'Stripe::RateLimitError',
    message: 'Too many requests (429)',
    retryCount: 4,
    remaining: 21,
  },
}
const WAITING: FilteredJob = { ...JOB, state: State.Queued, at: NOW - 700_000, failure: undefined }

const fits = (text: string, job = JOB, hidden: string[] = []) =>
  filterTest(parseFilter(text, hidden), NOW)(job)

describe('a filter', () => {
  test.each([
    '',
    'k3JxPQaQ7vLw2mNc',
    'charge',
    'CRIT',
    'ratelimit',
    'Stripe::RateLimitError',
    'queue:critical,low',
    'queue:crit*',
    '-queue:default',
    'jobtype:Charge::*',
    'error:Stripe::RateLimitError',
    'state:retries,dead',
    'priority:7,9',
    'tries:5',
    'tries:>=3',
    'size:<64k',
    'at:<5m',
    'at:>2026-11-25T06:03',
    'failed:>29m',
    'created:>=2026-11-25',
    'args:99120',
    'args:"two words"',
    'message:"Too many"',
    'args.0.order:99120',
    'args.0.big:899999999999999990',
    'args.0.note:"two w*"',
    'custom.tenant:acme',
    '-custom.tenant:other queue:critical',
  ])('%s fits', (text) => expect(fits(text)).toBe(true))

  test.each([
    'k3JxPQaQ7vLw2mN',
    'queue:crit',
    'queue:c?itical',
    '-charge',
    'jobtype:charge::card',
    'error:*Timeout',
    'state:dead',
    'priority:1',
    'tries:<5',
    'size:>64k',
    'at:>5m',
    'failed:>31m',
    'created:<2026-11-25',
    'wait:>1s',
    'args:99121',
    'message:nothing',
    'args.1.order:99120',
    'args.0.order.deep:1',
    'custom.nobody:acme',
    'queue:critical queue:low',
  ])('%s does not fit', (text) => expect(fits(text)).toBe(false))

  test('knows how long a job waits', () => {
    expect(fits('wait:>10m', WAITING)).toBe(true)
    expect(fits('wait:>12m', WAITING)).toBe(false)
    expect(fits('error:*', WAITING)).toBe(true)
    expect(fits('tries:0', WAITING)).toBe(true)
  })

  test('does not find what is hidden', () => {
    expect(fits('args:s3cret')).toBe(true)
    expect(fits('args:s3cret', JOB, ['token'])).toBe(false)
    expect(() => parseFilter('args.0.token:s3cret', ['token'])).toThrow(/is hidden/)
    expect(() => parseFilter('custom.token.x:1', ['custom.token'])).toThrow(/is hidden/)
  })

  test('passes a job over that cannot be read', () => {
    expect(fits('args:x', { ...JOB, payload: '{' })).toBe(false)
    expect(fits('queue:critical', { ...JOB, payload: '{' })).toBe(true)
  })

  test.each([
    ['queue:', 0, /queue: needs a value/],
    ['a colour:red', 2, /no field colour: there are jid/],
    ['a  priority:10', 3, /priority is 1 to 9/],
    ['tries:many', 0, /no whole number/],
    ['wait:>10', 0, /no duration: write 30s/],
    ['size:huge', 0, /no size/],
    ['state:gone', 0, /gone is no state: there are waiting/],
    ['at:yesterday', 0, /no duration/],
    ['x '.repeat(21), 42, /at most 20 parts/],
    ['x'.repeat(1001), 1000, /at most 1000 characters/],
  ])('%s is an error at its place', (text, position, message) => {
    const read = () => parseFilter(text)
    expect(read).toThrow(FilterError)
    expect(read).toThrow(message)
    expect(read).toThrow(expect.objectContaining({ position }) as Error)
  })

  test('never throws anything else, and never while it is used', () => {
    const words = fc.constantFrom('-', ':', '"', '*', '\\', 'queue:', 'args.0.', 'at:<', ' ', 'x')
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((list) => list.join('')),
    )
    fc.assert(
      fc.property(text, (any) => {
        try {
          filterTest(parseFilter(any), NOW)(JOB)
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError)
        }
      }),
    )
  })

  test('names jids that hold any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (jids) => {
        const filter = filterOfJids(jids)
        expect(jidsOf(filter)).toEqual(jids)
        const test = filterTest(filter, NOW)
        for (const jid of jids) expect(test({ ...JOB, jid })).toBe(true)
        expect(test({ ...JOB, jid: `${jids.join('')}!` })).toBe(false)
      }),
    )
    expect(jidsOf(parseFilter('jid:a*'))).toBeUndefined()
    expect(jidsOf(parseFilter('-jid:a'))).toBeUndefined()
    expect(jidsOf(parseFilter(`jid:${asPattern('a*')}`))).toEqual(['a*'])
  })
})

/** The same by parsing: what the text's way has to agree with. */
function hiddenByParsing(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => hiddenByParsing(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key.toLowerCase() === name ? '•••' : hiddenByParsing(member, name),
    ]),
  )
}

describe('values in JSON text', () => {
  test('are hidden in any JSON as they would be by parsing it', () => {
    const keys = fc.constantFrom('token', 'Token', 'other', 'a"b\\', '')
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.constantFrom(true, null, 1.5, '"}],', '\\'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(fc.array(tree), fc.constantFrom(0, 1), (args, indent) => {
        const { text } = new Hiding(['token']).apply(JSON.stringify(args, null, indent), 'args')
        expect(JSON.parse(text)).toEqual(hiddenByParsing(args, 'token'))
      }),
    )
  })

  test('are hidden in the part that is wanted, also where hiding makes it shorter', () => {
    const text = `[{"token":"${'x'.repeat(1000)}","token":"second"},"${'y'.repeat(1000)}"]`
    const shown = new Hiding(['token']).apply(text, 'args', 40).text.slice(0, 40)
    expect(shown).toBe('[{"token":"•••","token":"•••"},"yyyyyyyy')
  })

  test('are hidden in one pass, however deep they lie', () => {
    const deep = `${'['.repeat(100_000)}{"token":1}${']'.repeat(100_000)}`
    expect(new Hiding(['token']).apply(deep, 'args').hidden).toBe(1)
  })

  const text = '[{"card":{"number":"4111","cvc":1.0},"Token":"t","list":[1,2]},"x"]'

  test('are found by path', () => {
    expect(valueAt(text, ['0', 'card', 'cvc'])).toBe('1.0')
    expect(plain(valueAt(text, ['1']) ?? '')).toBe('x')
    expect(valueAt(text, ['0', 'list', '1'])).toBe('2')
    for (const path of [['2'], ['x'], ['0', 'card', 'number', 'deep'], ['-1'], ['0', 'nobody']]) {
      expect(valueAt(text, path)).toBeUndefined()
    }
  })

  test('are hidden by name at any depth, in any case, or by path', () => {
    expect(new Hiding(['token', 'args.0.card.*']).apply(text, 'args')).toEqual({
      text: '[{"card":{"number":"•••","cvc":"•••"},"Token":"•••","list":[1,2]},"x"]',
      hidden: 3,
    })
    expect(new Hiding([]).apply(text, 'args')).toEqual({ text, hidden: 0 })
    expect(new Hiding(['custom.0']).apply(text, 'args').hidden).toBe(0)
    expect(new Hiding(['args.1']).apply(text, 'args').text).toContain(']},"•••"]')
  })
})
