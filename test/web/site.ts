import { FwpConnection } from '../support/fwp.ts'
import { startServer, type RunningServer, type ServerOptions } from '../support/server.ts'

/** A server with jobs in every place, and its pages. */
export interface Site {
  readonly server: RunningServer
  readonly url: string
  readonly producer: FwpConnection
  readonly worker: FwpConnection
  /** Sends a command of the producer and gives the reply's text. */
  say(command: string): Promise<string>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  send(method: string, path: string, body?: unknown): Promise<Response>
  stop(): Promise<void>
}

/** Opens an empty site. */
export async function openSite(options: ServerOptions = {}): Promise<Site> {
  const server = await startServer(options)
  const { port, webPort } = server
  const password = options.password === undefined ? {} : { password: options.password }
  const producer = await FwpConnection.open({ port, ...password })
  const worker = await FwpConnection.open({ port, wid: 'worker-1', ...password })
  const url = `http://127.0.0.1:${webPort}`
  const login: Record<string, string> =
    options.password === undefined ? {} : { Authorization: `Bearer ${options.password}` }
  return {
    server,
    url,
    producer,
    worker,
    say: async (command) => (await producer.send(command)).text ?? '',
    get: (path, headers = {}) =>
      fetch(url + path, { headers: { ...login, ...headers }, redirect: 'manual' }),
    send: (method, path, body) =>
      fetch(url + path, {
        method,
        headers: {
          ...login,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async stop() {
      producer.end()
      worker.end()
      await server.stop()
    },
  }
}

/** What a hostile client would push to be shown. */
export const HOSTILE = '<b onmouseover=alert(1)>"\'&\u202e</b>'

/** The next retry of such a job is an hour away, so it stays where it is while tests look at it. */
const FAILED_OFTEN = {
  failure: { retry_count: 7, remaining: 18, failed_at: '2026-01-01T00:00:00Z' },
}

/** Puts jobs everywhere: waiting, running, scheduled, for a retry, dead; one queue paused. */
export async function seed(site: Pick<Site, 'say' | 'worker'>): Promise<void> {
  const push = (job: Record<string, unknown>) =>
    site.say(`PUSH ${JSON.stringify({ args: [{ order: 99120, token: 's3cret' }], ...job })}`)
  for (let i = 0; i < 12; i += 1) {
    await push({
      jid: `waiting-${i}`,
      jobtype: 'Deliver',
      queue: 'webhooks',
      priority: 1 + (i % 9),
    })
  }
  await push({ jid: 'hostile-1', jobtype: HOSTILE, queue: 'webhooks', args: [HOSTILE] })
  await push({
    jid: 'large-numbers',
    jobtype: 'Sum',
    queue: 'webhooks',
    args: [],
    custom: { note: HOSTILE },
  })
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
  for (let i = 0; i < 3; i += 1) {
    await push({ jid: `scheduled-${i}`, jobtype: 'Report', queue: 'reports', at: inAnHour })
  }
  for (let i = 0; i < 6; i += 1) {
    const jid = `failing-${i}`
    await push({
      jid,
      jobtype: 'Charge',
      queue: 'critical',
      ...FAILED_OFTEN,
      retry: i < 4 ? 25 : -1,
    })
    await site.worker.send('FETCH critical')
    const backtrace = ['app/charge.rb:41', HOSTILE]
    const failure = { jid, errtype: 'Stripe::RateLimitError', message: HOSTILE, backtrace }
    await site.worker.send(`FAIL ${JSON.stringify(failure)}`)
  }
  await push({ jid: 'running-1', jobtype: 'Import', queue: 'critical' })
  await site.worker.send('FETCH critical')
  await push({ jid: 'paused-1', jobtype: 'Mail', queue: 'mailers' })
  await site.say('QUEUE PAUSE mailers')
}
