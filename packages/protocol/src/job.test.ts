import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRefusal } from './errors.ts'
import { readJob, type WireJob } from './job.ts'

/** Reads a job that is valid. */
function setup(text: string): WireJob {
  const job = readJob(JSON.parse(text), text)
  if (isRefusal(job)) throw new Error(job.text)
  return job
}

const refusalOf = (text: string): string => {
  const job = readJob(JSON.parse(text), text)
  return isRefusal(job) ? `${job.code}: ${job.text}` : 'no refusal'
}

const NOTHING = {
  jid: '',
  jobtype: '',
  hasArgs: false,
  queue: '',
  priority: undefined,
  retry: undefined,
  at: '',
  reserveFor: 0,
  createdAt: '',
  failure: undefined,
}

describe('a job is read', () => {
  test('with every member', () => {
    const text =
      '{"jid":"abcdefgh","jobtype":"Simple","args":["a",1,true,null],"queue":"q","retry":3,' +
      '"reserve_for":120,"backtrace":10,"created_at":"2020-01-02T03:04:05.678Z","priority":9,' +
      '"at":"2020-01-02T03:04:06Z","custom":{"locale":"fr"}}'
    expect(setup(text)).toEqual({
      jid: 'abcdefgh',
      jobtype: 'Simple',
      hasArgs: true,
      queue: 'q',
      priority: 9,
      retry: 3,
      at: '2020-01-02T03:04:06Z',
      reserveFor: 120,
      createdAt: '2020-01-02T03:04:05.678Z',
      failure: undefined,
      text,
    })
  })

  test('with none', () => {
    expect(setup('{}')).toEqual({ ...NOTHING, text: '{}' })
    expect(setup('null')).toEqual({ ...NOTHING, text: '{}' })
  })

  test('when null, "" and 0 stand for what is absent', () => {
    const nulls =
      '{"jid":null,"jobtype":null,"args":null,"queue":null,"priority":null,"retry":null,' +
      '"reserve_for":null,"at":null,"created_at":null,"custom":null,"backtrace":null,' +
      '"enqueued_at":null,"failure":null}'
    expect(setup(nulls)).toEqual({ ...NOTHING, text: '{}' })
    const empty =
      '{"jid":"","jobtype":"","queue":"","priority":0,"reserve_for":0,"at":"","created_at":"",' +
      '"custom":{},"backtrace":0,"enqueued_at":""}'
    expect(setup(empty)).toEqual({ ...NOTHING, text: '{}' })
  })

  test('with a retry of 0, which is not absent', () => {
    expect(setup('{"retry":0}')).toMatchObject({ retry: 0, text: '{"retry":0}' })
    expect(setup('{"retry":-7}')).toMatchObject({ retry: -7, text: '{"retry":-7}' })
  })

  test('with a reserve_for below 0', () => {
    expect(setup('{"reserve_for":-5}')).toMatchObject({ reserveFor: -5 })
    expect(Object.is(setup('{"reserve_for":-0}').reserveFor, 0)).toBe(true)
  })

  test('with a failure', () => {
    const failure =
      '{"failed_at":"2020-01-01T00:00:00Z","next_at":"2020-01-01T00:00:15Z","message":"m",' +
      '"errtype":"e","backtrace":["a","b"],"retry_count":2,"remaining":1,"color":"blue"}'
    expect(setup(`{"jid":"abcdefgh","failure":${failure}}`)).toMatchObject({
      failure: {
        failedAt: '2020-01-01T00:00:00Z',
        nextAt: '2020-01-01T00:00:15Z',
        message: 'm',
        errtype: 'e',
        backtrace: ['a', 'b'],
        retryCount: 2,
        remaining: 1,
      },
      text: '{"jid":"abcdefgh"}',
    })
    expect(setup('{"failure":{"message":"","backtrace":[],"Retry_Count":1}}').failure).toEqual({
      failedAt: '',
      retryCount: 1,
      remaining: 0,
    })
  })

  test.each([
    ['{"JID":"abcdefgh","JobType":"x","Args":[1],"QUEUE":"q","Retry":3}'],
    ['{"jid":"abcdefgh","jobType":"x","args":[1],"queue":"q","retry":3}'],
  ])('with names in any case: %s', (text) => {
    expect(setup(text)).toEqual({
      ...NOTHING,
      jid: 'abcdefgh',
      jobtype: 'x',
      hasArgs: true,
      queue: 'q',
      retry: 3,
      text: '{"jid":"abcdefgh","jobtype":"x","args":[1],"queue":"q","retry":3}',
    })
  })

  test('with the exact name preferred to one in another case', () => {
    for (const text of ['{"JID":"wrong","jid":"right"}', '{"jid":"right","Jid":"wrong"}']) {
      expect(setup(text)).toMatchObject({ jid: 'right', text: '{"jid":"right"}' })
    }
  })

  test('with the last of a repeated member', () => {
    const text = '{"jid":"first","jid":"last"}'
    expect(setup(text)).toMatchObject({ jid: 'last' })
    expect(JSON.parse(setup(text).text)).toEqual({ jid: 'last' })
    expect(setup('{"jid":"first","x":1,"jid":"last"}').text).toBe('{"jid":"last"}')
    expect(setup('{"at":"2020","at":""}')).toMatchObject({ at: '', text: '{}' })
    expect(setup('{"JID":"a","Jid":"b","JID":"c"}')).toMatchObject({
      jid: 'b',
      text: '{"jid":"b"}',
    })
  })

  test('with an escaped name', () => {
    expect(setup('{"\\u006aid":"abcdefgh","x":1}')).toMatchObject({
      jid: 'abcdefgh',
      text: '{"jid":"abcdefgh"}',
    })
  })
})

describe('priority', () => {
  test.each([
    ['1', 1, '{"priority":1}'],
    ['9', 9, '{"priority":9}'],
    ['10', 10, '{"priority":5}'],
    ['255', 255, '{"priority":5}'],
    ['0', undefined, '{}'],
    ['-0', undefined, '{}'],
    ['null', undefined, '{}'],
  ])('%s', (sent, priority, text) => {
    expect(setup(`{"priority":${sent}}`)).toMatchObject({ priority, text })
  })
})

describe('a wrong type makes the whole invalid', () => {
  const types = { text: '"x"', number: '5', list: '[1]', object: '{"a":1}', bool: 'true' }
  const right: Record<string, (keyof typeof types)[]> = {
    jid: ['text'],
    jobtype: ['text'],
    args: ['list'],
    queue: ['text'],
    priority: ['number'],
    retry: ['number'],
    reserve_for: ['number'],
    at: ['text'],
    created_at: ['text'],
    enqueued_at: ['text'],
    custom: ['object'],
    backtrace: ['number'],
  }
  for (const [name, fits] of Object.entries(right)) {
    for (const [type, json] of Object.entries(types)) {
      const isRight = fits.some((fit) => fit === type)
      test(`${name} ${json} is ${isRight ? 'taken' : 'refused'}`, () => {
        for (const spelling of [name, name.toUpperCase()]) {
          const told = refusalOf(`{"${spelling}":${json}}`)
          if (isRight) expect(told).toBe('no refusal')
          else expect(told).toMatch(new RegExp(`^INVALID_JSON: invalid JSON: ${name} must be `))
        }
      })
    }
  }

  test.each([
    '{"retry":1.5}',
    '{"retry":5.0}',
    '{"Retry":5.0}',
    '{"retry": 5e0}',
    '{"reserve_for":60.0}',
    '{"backtrace" : 1E1}',
    '{"priority":5.0}',
    '{"priority":-1}',
    '{"priority":256}',
    '{"retry":12345678901234567890}',
    '{"failure":5}',
    '{"failure":{"retry_count":"1"}}',
    '{"failure":{"backtrace":"line"}}',
    '[1]',
    '"x"',
    '5',
    'true',
  ])('%s', (text) => {
    expect(refusalOf(text)).toMatch(/^INVALID_JSON: invalid JSON: /)
  })

  test('but not a number inside args that only looks like one of a member', () => {
    const text = '{"retry":3,"args":[{"retry":1.5}],"custom":{"priority":2.5}}'
    expect(setup(text)).toMatchObject({ retry: 3, text })
    expect(setup('{"retry":1.5,"retry":2}')).toMatchObject({ retry: 2 })
  })
})

describe('the text of a job', () => {
  test('is the client’s when nothing has to go', () => {
    const text = ' { "jid" : "abcdefgh",\t"args":[ 1.0 ] } '.trim()
    expect(setup(text).text).toBe(text)
  })

  test.each([
    ['unknown members', '{"color":"blue","jid":"abcdefgh","nested":{"a":1}}'],
    ['enqueued_at', '{"jid":"abcdefgh","enqueued_at":"2001-01-01T00:00:00Z"}'],
    ['failure', '{"failure":{"retry_count":1},"jid":"abcdefgh"}'],
    ['what is empty', '{"at":"","jid":"abcdefgh","custom":null,"reserve_for":0}'],
    ['a member called __proto__', '{"__proto__":{"queue":"x"},"jid":"abcdefgh"}'],
    ['a member called constructor', '{"constructor":{"prototype":{}},"jid":"abcdefgh"}'],
  ])('is without %s', (_what, text) => {
    expect(setup(text).text).toBe('{"jid":"abcdefgh"}')
    expect(({} as { queue?: unknown }).queue).toBeUndefined()
  })

  const ARGS = [
    '[899999999999999990,9007199254740993,12345678901234567890,-9223372036854775807]',
    '[1.0,1e2,-0.0,1e400,0.1000]',
    '[{"b":1,"a":2,"b":3,"__proto__":{"x":1}}]',
    '[ 1 ,\t"a b" ]',
    '["\\u00e9é","\\ud83d\\ude00😀","a\\ud800b","</script>&","\\u2028"]',
    '[null,true,false,"",[[]],{},{"a":{"b":[{"c":null}]}}]',
    `[${'['.repeat(500)}${']'.repeat(500)}]`,
    '[{"jid":"other","enqueued_at":"x","failure":{},"retry":1.5}]',
  ]
  test.each(ARGS)('has args as they came: %s', (args) => {
    const custom = `{"n":${args}}`
    for (const more of ['', ',"x":1', ',"at":""', ',"Queue":"q"']) {
      const { text } = setup(`{"jid":"abcdefgh","args":${args},"custom":${custom}${more}}`)
      expect(text).toContain(`"args":${args}`)
      expect(text).toContain(`"custom":${custom}`)
    }
  })

  test('has U+FFFD for lone surrogates in what is compared as text', () => {
    const job = setup('{"jid":"abc\\ud800defgh","queue":"\\udc00","args":["\\ud800"]}')
    expect(job).toMatchObject({
      jid: 'abc\ufffddefgh',
      queue: '\ufffd',
      text: '{"jid":"abc\ufffddefgh","queue":"\ufffd","args":["\\ud800"]}',
    })
  })

  test('means what was pushed, for any members', () => {
    const name = fc.oneof(
      fc.constantFrom('jid', 'jobtype', 'args', 'queue', 'retry', 'at', 'custom', 'x', 'failure'),
      fc.string(),
    )
    const value = fc.oneof(
      fc.constantFrom<unknown>('', 0, null, {}, [], 'text', 7),
      fc.jsonValue() as fc.Arbitrary<unknown>,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (members) => {
        const sent = Object.fromEntries(members)
        const text = JSON.stringify(sent)
        const parsed = JSON.parse(text) as Record<string, unknown>
        const job = readJob(parsed, text)
        if (isRefusal(job)) return
        const kept = JSON.parse(job.text) as Record<string, unknown>
        for (const key of Object.keys(kept)) expect(kept[key]).toEqual(parsed[key])
        for (const key of ['jid', 'jobtype', 'queue', 'at'] as const) {
          expect(kept[key] ?? '').toBe(parsed[key] ?? '')
        }
        expect(kept['args']).toEqual(parsed['args'] ?? undefined)
      }),
    )
  })
})
