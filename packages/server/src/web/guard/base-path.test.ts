import { describe, expect, test } from 'vitest'
import { prefixOf, withoutPrefix } from './base-path.ts'

describe('the prefix', () => {
  test.each([
    ['', {}, ''],
    ['https://ops.example.com', {}, ''],
    ['https://ops.example.com/', {}, ''],
    ['https://ops.example.com/jobs', {}, '/jobs'],
    ['https://ops.example.com/jobs/', {}, '/jobs'],
    ['https://ops.example.com/a/b', {}, '/a/b'],
    // The setting decides alone.
    ['https://ops.example.com/jobs', { 'X-Script-Name': '/other' }, '/jobs'],
    ['https://ops.example.com', { 'X-Forwarded-Prefix': '/other' }, ''],
    // Faktory's header comes first.
    ['', { 'X-Script-Name': '/faktory' }, '/faktory'],
    ['', { 'X-Script-Name': '/faktory/' }, '/faktory'],
    ['', { 'X-Forwarded-Prefix': '/jobs' }, '/jobs'],
    ['', { 'X-Script-Name': '/one', 'X-Forwarded-Prefix': '/two' }, '/one'],
    ['', { 'X-Forwarded-Prefix': '/a.b_c~d-e/1/2/3/4/5/6/7' }, '/a.b_c~d-e/1/2/3/4/5/6/7'],
    // What could lead a link elsewhere, or out of its attribute, is not taken.
    ['', { 'X-Forwarded-Prefix': '/' }, ''],
    ['', { 'X-Forwarded-Prefix': 'jobs' }, ''],
    ['', { 'X-Forwarded-Prefix': '//evil.example' }, ''],
    ['', { 'X-Forwarded-Prefix': 'https://evil.example' }, ''],
    ['', { 'X-Forwarded-Prefix': '/a//b' }, ''],
    ['', { 'X-Forwarded-Prefix': '/a"><script>' }, ''],
    ['', { 'X-Forwarded-Prefix': '/a b' }, ''],
    ['', { 'X-Forwarded-Prefix': '/a?b=c' }, ''],
    ['', { 'X-Forwarded-Prefix': '/%2e%2e' }, ''],
    ['', { 'X-Forwarded-Prefix': '/1/2/3/4/5/6/7/8/9' }, ''],
    ['', { 'X-Forwarded-Prefix': '/one, /two' }, ''],
    ['', { 'X-Forwarded-Prefix': '/..' }, ''],
    ['', { 'X-Forwarded-Prefix': '/a/./b' }, ''],
  ] as [string, Record<string, string>, string][])('%j, %o: %j', (url, headers, prefix) => {
    expect(prefixOf(url, new Headers(headers))).toBe(prefix)
  })
})

describe('a path without the prefix', () => {
  test.each([
    ['/queues', '', '/queues'],
    ['/jobs/queues', '/jobs', '/queues'],
    ['/jobs', '/jobs', '/'],
    ['/jobs/', '/jobs', '/'],
    // Stripped by the proxy already.
    ['/queues', '/jobs', '/queues'],
    ['/', '/jobs', '/'],
    // Only a whole part of the path is the prefix.
    ['/jobsite', '/jobs', '/jobsite'],
    // The job page of a prefix that is called as its path.
    ['/jobs/jobs/x', '/jobs', '/jobs/x'],
    ['/jobs/x', '/jobs', '/jobs/x'],
    ['/ops/nowhere', '/ops', '/ops/nowhere'],
  ])('%s under %j: %s', (path, prefix, own) => {
    const isOurs = (segment: string): boolean => ['', 'queues', 'jobs'].includes(segment)
    expect(withoutPrefix(path, prefix, isOurs)).toBe(own)
  })
})
