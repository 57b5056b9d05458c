import { describe, expect, test } from 'vitest'
import { canonicalJob, renderJob, withMembers } from './payload.ts'

describe('a job is handed out', () => {
  const failure = {
    failedAt: '2020-01-01T00:00:00Z',
    nextAt: '2020-01-01T00:00:15Z',
    message: 'a "quoted"\nline',
    errtype: 'E',
    backtrace: ['1'],
    retryCount: 1,
    remaining: 24,
  }
  const written =
    '{"failed_at":"2020-01-01T00:00:00Z","next_at":"2020-01-01T00:00:15Z",' +
    '"message":"a \\"quoted\\"\\nline","errtype":"E","backtrace":["1"],' +
    '"retry_count":1,"remaining":24}'

  test('with members added at its end', () => {
    expect(withMembers('{"jid":"a"}', '"retry":25,"queue":"default"')).toBe(
      '{"jid":"a","retry":25,"queue":"default"}',
    )
    expect(withMembers('{"args":[{}] } ', '"a":1')).toBe('{"args":[{}] ,"a":1}')
    expect(withMembers('{"jid":"a"}', '')).toBe('{"jid":"a"}')
  })

  test('with enqueued_at, and its failure if there is one', () => {
    const at = '2026-07-01T10:00:00Z'
    expect(renderJob('{"jid":"a"}', at, undefined)).toBe(`{"jid":"a","enqueued_at":"${at}"}`)
    expect(renderJob('{"jid":"a"}', at, null)).toBe(`{"jid":"a","enqueued_at":"${at}"}`)
    expect(renderJob('{"jid":"a"}', at, failure)).toBe(
      `{"jid":"a","enqueued_at":"${at}","failure":${written}}`,
    )
  })

  test('without the parts of a failure that it has not', () => {
    const short = { failedAt: 't', retryCount: 0, remaining: -1 }
    expect(renderJob('{"jid":"a"}', 'x', short)).toBe(
      '{"jid":"a","enqueued_at":"x","failure":{"failed_at":"t","retry_count":0,"remaining":-1}}',
    )
  })

  test('as Faktory writes it, for patterns', () => {
    const payload =
      '{ "priority":9, "backtrace":1, "reserve_for":60, "args":[ 1.0, "a b" ], "at":"t1",' +
      ' "created_at":"t2", "jobtype":"x", "queue":"q", "jid":"a", "custom":{ "k":1 }, "retry":25 }'
    expect(canonicalJob(payload, 't3', failure)).toBe(
      `{"retry":25,"failure":${written},"custom":{"k":1},"jid":"a","queue":"q","jobtype":"x",` +
        '"created_at":"t2","enqueued_at":"t3","at":"t1","args":[1.0,"a b"],"reserve_for":60,' +
        '"backtrace":1,"priority":9}',
    )
    expect(canonicalJob('{"args":[],"retry":25,"jid":"a"}', '', undefined)).toBe(
      '{"retry":25,"jid":"a","args":[]}',
    )
  })

  test('as Faktory writes it, a repeated member once', () => {
    expect(canonicalJob('{"jid":"a","retry":1,"jid":"b"}', '', null)).toBe('{"retry":1,"jid":"b"}')
  })
})
