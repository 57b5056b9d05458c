import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from '../support/server.ts'
import { Drivers, events, jids, type Client, type DriverEvent, type PushedJob } from './driver.ts'
import { freePort, info, requeue, tell, untilInfo } from './server.ts'

/** A FETCH that finds nothing is held this long at most, and a little for the way. */
const FETCH_MS = 2_500

/** What every client has to be able to do with Jobmill. Call it inside a `describe`. */
export function clientScenarios(client: Client): void {
  let drivers: Drivers
  const servers: RunningServer[] = []
  const start: typeof startServer = async (options) => {
    const server = await startServer(options)
    servers.push(server)
    return server
  }

  // The first time this fetches the client from its registry and compiles it.
  beforeAll(async () => {
    drivers = await Drivers.of(client)
  }, 300_000)
  afterEach(() => drivers.stop())
  afterAll(() => Promise.all(servers.map((server) => server.stop())))

  test('its jobs run once each, with the arguments that were pushed', async () => {
    const server = await start()
    const sent = [[1, 'zwei', { k: null }], ['Žluťoučký kůň 🐎 \u2028'], ['x'.repeat(200_000)], []]
    const jobs = sent.map((args, index): PushedJob => ({ jid: jid(index), jobtype: 'Ok', args }))
    expect(await drivers.push(server.url, jobs)).toEqual(pushed(jobs))

    const worker = await drivers.work({ url: server.url })
    await untilInfo(server, (counts) => counts.total_processed === sent.length)
    const ran = events(worker.lines).flatMap((event) => (event.event === 'ran' ? [event] : []))
    expect(ran).toHaveLength(sent.length)
    const args = new Map(ran.map((event) => [event.jid, event.args ?? []]))
    sent.forEach((expected, index) => expect(args.get(jid(index))).toEqual(expected))
    expect((await info(server)).sets.working).toBe(0)
  })

  testIf(client.bulk, 'pushes in bulk and hears which jobs were refused', async () => {
    const server = await start()
    const jobs: PushedJob[] = [
      { jid: jid(1), jobtype: 'Ok', args: [1] },
      { jid: jid(2), jobtype: '', args: [2] },
      { jid: jid(3), jobtype: 'Ok', args: [3] },
    ]
    expect(await drivers.push(server.url, jobs, true)).toEqual([
      { event: 'pushed', jid: jid(1) },
      { event: 'refused', jid: jid(2), reason: 'jobs must have a jobtype parameter' },
      { event: 'pushed', jid: jid(3) },
    ])
    expect((await info(server)).queues).toEqual({ default: 2 })
  })

  testIf(client.priority, 'gets the job of the highest priority first', async () => {
    const server = await start()
    const priorities = [1, 1, 5, 1, 9, 1]
    await drivers.push(
      server.url,
      priorities.map((priority, index) => ({
        jid: jid(index),
        jobtype: 'Ok',
        args: [priority],
        priority,
      })),
    )
    const worker = await drivers.work({ url: server.url })
    const order = await worker.until((lines) => atLeast(priorities.length, jids(lines, 'ran')))
    expect(order).toEqual([jid(4), jid(2), jid(0), jid(1), jid(3), jid(5)])
  })

  test('gets a scheduled job when it is due and not before', async () => {
    const server = await start()
    const dueMs = Date.now() + 2_000
    const at = (ms: number): string => new Date(ms).toISOString()
    await drivers.push(server.url, [
      { jid: jid(1), jobtype: 'Ok', args: [1], at: at(dueMs) },
      { jid: jid(2), jobtype: 'Ok', args: [2], at: at(dueMs + 3_600_000) },
    ])
    expect((await info(server)).sets.scheduled).toBe(2)

    const worker = await drivers.work({ url: server.url })
    await worker.until((lines) => atLeast(1, jids(lines, 'ran')))
    expect(Date.now()).toBeGreaterThanOrEqual(dueMs)
    expect(jids(worker.lines, 'ran')).toEqual([jid(1)])
    await requeue(server, 'scheduled')
    await worker.until((lines) => atLeast(2, jids(lines, 'ran')))
  })

  test('a failed job is retried, and dies with its last retry', async () => {
    const server = await start()
    await drivers.push(server.url, [
      { jid: jid(1), jobtype: 'Fail', args: [7], retry: 1 },
      { jid: jid(2), jobtype: 'FailOnce', args: [8] },
      { jid: jid(3), jobtype: 'Fail', args: [9], retry: -1 },
      { jid: jid(4), jobtype: 'Fail', args: [10], retry: 0 },
    ])
    const worker = await drivers.work({ url: server.url })
    // `retry` 0 discards the job, -1 sends it to the dead at once.
    await untilInfo(server, ({ sets }) => sets.retries === 2 && sets.dead === 1)
    await untilInfo(
      server,
      ({ sets, total_failures }) => sets.working === 0 && total_failures === 4,
    )
    await requeue(server, 'retries')
    await untilInfo(server, ({ queues, sets }) => {
      return sets.dead === 2 && sets.retries + sets.working + (queues['default'] ?? 0) === 0
    })
    const ran = jids(worker.lines, 'ran').sort()
    expect(ran).toEqual([jid(1), jid(1), jid(2), jid(2), jid(3), jid(4)])
    expect((await info(server)).total_failures).toBe(5)
  })

  test('a quiet worker finishes its job and takes no other; terminate ends it', async () => {
    const server = await start()
    const worker = await drivers.work({ url: server.url, wid: 'told-worker' })
    await drivers.push(server.url, [{ jid: jid(1), jobtype: 'Sleep', args: [2] }])
    await worker.until((lines) => atLeast(1, jids(lines, 'ran')))
    expect(JSON.parse(await tell(server, 'told-worker', 'quiet'))).toEqual({ state: 'quiet' })
    await worker.until((lines) => atLeast(1, jids(lines, 'done')))
    // Until its next heartbeat it does not know; a FETCH on its way then still counts.
    await sleep(client.hearsWithinSeconds * 1000 + FETCH_MS)
    await drivers.push(server.url, [{ jid: jid(2), jobtype: 'Ok', args: [] }])
    await sleep(FETCH_MS)
    expect(jids(worker.lines, 'ran')).toEqual([jid(1)])

    await tell(server, 'told-worker', 'terminate')
    expect(await worker.exited).toBe(client.terminatedExit)
    const { sets, queues } = await info(server)
    expect([sets.working, queues['default']]).toEqual([0, 1])
    const next = await drivers.work({ url: server.url })
    await next.until((lines) => atLeast(1, jids(lines, 'ran')))
  })

  test.each(['s3cret', 'se&s+ame%1'])('gets in with the password %s', async (password) => {
    const server = await start({ password })
    const url = `tcp://:${client.inUrl(password)}@127.0.0.1:${server.port}`
    await drivers.push(url, [{ jid: jid(1), jobtype: 'Ok', args: [] }])
    const worker = await drivers.work({ url })
    await worker.until((lines) => atLeast(1, jids(lines, 'ran')))
  })

  test('a wrong password ends in an error, not in a hang', async () => {
    const server = await start({ password: 's3cret' })
    for (const login of [':wrong@', '']) {
      const url = `tcp://${login}127.0.0.1:${server.port}`
      await expect(drivers.push(url, [{ jid: jid(1), jobtype: 'Ok', args: [] }])).rejects.toThrow(
        /password/i,
      )
    }
  })

  test('goes on after the server was killed and started again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'jobmill-test-'))
    const args = ['-b', `127.0.0.1:${await freePort()}`]
    const first = await start({ dir, args })
    const job = (index: number): PushedJob => {
      return { jid: jid(index), jobtype: 'Sleep', args: [0.3], reserve_for: 60 }
    }
    await drivers.push(
      first.url,
      Array.from({ length: 10 }, (_, index) => job(index)),
    )
    const workers = [await drivers.work({ url: first.url, concurrency: 2, wid: 'steady-worker' })]
    await workers[0]?.until((lines) => atLeast(3, jids(lines, 'done')))
    await first.kill('SIGKILL')
    const second = await start({ dir, args })
    if (!client.reconnects) {
      expect(await workers[0]?.exited).toBe(1)
      // What it had when it ended stays reserved for the 60 seconds; then it is a retry.
      workers.push(await drivers.work({ url: second.url, concurrency: 2 }))
    }
    await drivers.push(second.url, [job(10)])

    const all = Array.from({ length: 11 }, (_, index) => jid(index))
    const missing = (): string[] => {
      const done = new Set(workers.flatMap(({ lines }) => jids(lines, 'done')))
      return all.filter((one) => !done.has(one))
    }
    const end = Date.now() + 120_000
    while (missing().length > 0 && Date.now() < end) {
      await requeue(second, 'retries')
      await sleep(200)
    }
    expect(missing()).toEqual([])
    expect((await info(second)).queues['default'] ?? 0).toBe(0)
    await second.stop()
    await rm(dir, { recursive: true })
  }, 240_000)

  testIf(client.language !== 'node', '64-bit integers come back exactly', async () => {
    const server = await start()
    const numbers = '9007199254740993,12345678901234567890,-9223372036854775808'
    await drivers.pushText(
      server.url,
      `{"jobs":[{"jid":"${jid(1)}","jobtype":"Ok","args":[${numbers}]}],"bulk":false}`,
    )
    const text = await lineOfRun(server)
    expect(text).toContain(`[${numbers}]`)
  })

  /** The event of the one job there is, as the text that the client's language prints. */
  async function lineOfRun(server: RunningServer): Promise<string> {
    const find = (lines: readonly string[]): string | undefined =>
      lines.find((line) => line.includes('"ran"'))
    if (client.language !== 'go') return (await drivers.work(server)).until(find)
    // Its workers get every number as a float64; its client gives the text.
    return drivers.run('fetch', { FAKTORY_URL: server.url, DRIVER_QUEUES: 'default' }).until(find)
  }
}

/** A jid that every client takes and that sorts by its number. */
function jid(number: number): string {
  return `scenario-${String(number).padStart(4, '0')}`
}

function pushed(jobs: readonly PushedJob[]): DriverEvent[] {
  return jobs.map(({ jid }) => ({ event: 'pushed', jid }))
}

function atLeast<T>(count: number, found: readonly T[]): readonly T[] | undefined {
  return found.length >= count ? found : undefined
}

/** A test of what this client can do; where it cannot, there is nothing to test, and so no test. */
function testIf(able: boolean, title: string, body: () => Promise<void>): void {
  if (able) test(title, body)
}
