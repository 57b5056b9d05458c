import { describe, expect, test } from 'vitest'
import { crossSite, formToken, fromBrowser, knowsToken } from './csrf.ts'

const HOST = 'jobs.internal:7420'
const PUBLIC = 'https://ops.example.com/jobs'

describe('where a changing request came from', () => {
  const ours = undefined
  test.each([
    // A script sends none of these headers.
    { sent: {}, form: ours, api: ours },
    { sent: { Cookie: 'jobmill_theme=dark' }, form: ours, api: ours },
    // Sec-Fetch-Site decides where a browser sends it, whatever Origin says.
    { sent: { 'Sec-Fetch-Site': 'same-origin' }, form: ours, api: ours },
    { sent: { 'Sec-Fetch-Site': 'none' }, form: ours, api: ours },
    { sent: { 'Sec-Fetch-Site': 'same-site' }, form: /same-site/, api: /same-site/ },
    { sent: { 'Sec-Fetch-Site': 'cross-site' }, form: /cross-site/, api: /cross-site/ },
    { sent: { 'Sec-Fetch-Site': '' }, form: /another site/, api: /another site/ },
    {
      sent: { 'Sec-Fetch-Site': 'cross-site', Origin: `http://${HOST}` },
      form: /cross-site/,
      api: /cross-site/,
    },
    {
      sent: { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://elsewhere.example' },
      form: ours,
      api: ours,
    },
    // Else Origin: host and port must fit, the scheme need not.
    { sent: { Origin: `http://${HOST}` }, form: ours, api: ours },
    { sent: { Origin: `https://${HOST}` }, form: ours, api: ours },
    { sent: { Origin: 'http://jobs.internal:7421' }, form: /7421/, api: /7421/ },
    { sent: { Origin: 'http://jobs.internal' }, form: /jobs\.internal/, api: /jobs\.internal/ },
    { sent: { Origin: `http://${HOST}.evil.example` }, form: /evil/, api: /evil/ },
    { sent: { Origin: 'nonsense' }, form: /nonsense/, api: /nonsense/ },
    { sent: { Origin: '' }, form: /came from/, api: /came from/ },
    { sent: { Origin: 'null' }, form: ours, api: /hides/ },
    // The public address counts where the setting names it, and only there.
    { sent: { Origin: 'https://ops.example.com' }, form: /ops/, api: /ops/ },
    { sent: { Origin: 'https://ops.example.com' }, url: PUBLIC, form: ours, api: ours },
    { sent: { Origin: 'https://ops.example.org' }, url: PUBLIC, form: /org/, api: /org/ },
  ] as {
    sent: Record<string, string>
    url?: string
    form: RegExp | undefined
    api: RegExp | undefined
  }[])('$sent, url $url', ({ sent, url = '', form, api }) => {
    const headers = new Headers({ Host: HOST, ...sent })
    for (const [strict, wanted] of [
      [false, form],
      [true, api],
    ] as const) {
      const said = crossSite({ headers, url }, strict)
      if (wanted === undefined) expect(said).toBeUndefined()
      else expect(said).toMatch(wanted)
    }
  })

  test('without a Host no Origin fits', () => {
    const headers = new Headers({ Origin: `http://${HOST}` })
    expect(crossSite({ headers, url: '' }, false)).toMatch(/unknown/)
  })
})

test.each([
  [{}, false],
  [{ Authorization: 'Basic OnB3', 'User-Agent': 'curl/8' }, false],
  [{ Cookie: 'a=b' }, true],
  [{ Origin: 'null' }, true],
  [{ 'Sec-Fetch-Site': 'none' }, true],
] as [Record<string, string>, boolean][])('%o came from a browser: %s', (sent, browser) => {
  expect(fromBrowser(new Headers(sent))).toBe(browser)
})

describe("a form's token", () => {
  const anna = { role: 'admin', user: 'anna' } as const
  const now = Date.UTC(2026, 10, 25, 23, 59, 59)
  const DAY = 86_400_000
  const token = formToken('secret', anna, now)

  test.each([
    ['of today', token, 'secret', anna, now, true],
    ['after midnight', token, 'secret', anna, now + 1_000, true],
    ['at the end of the next day', token, 'secret', anna, now + DAY, true],
    ['two days later', token, 'secret', anna, now + DAY + 1_000, false],
    ['of tomorrow', token, 'secret', anna, now - DAY, false],
    ['of another person', token, 'secret', { ...anna, user: 'bob' }, now, false],
    ['of another role', token, 'secret', { ...anna, role: 'reader' }, now, false],
    ['of another server', token, 'other', anna, now, false],
    ['that is empty', '', 'secret', anna, now, false],
    ['cut short', token.slice(0, -1), 'secret', anna, now, false],
    ['with one letter changed', `${token.slice(1)}${token[0]}`, 'secret', anna, now, false],
    ['with letters of two bytes', 'é'.repeat(token.length), 'secret', anna, now, false],
  ] as const)('%s', (_, sent, secret, caller, nowMs, known) => {
    expect(knowsToken(sent, secret, caller, nowMs)).toBe(known)
  })

  test('name and role do not run into each other', () => {
    const one = formToken('s', { role: 'admin', user: '","reader' }, now)
    expect(one).not.toBe(formToken('s', { role: 'admin', user: '' }, now))
  })
})
