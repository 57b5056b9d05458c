import { expect } from 'vitest'
import type { RunningServer } from '../../support/server.ts'
import { events, jids, type Client, type PushedJob } from './driver.ts'
import { info, requeue, untilInfo } from './server.ts'
import { atLeast, jid, type Scenario, type Stage } from './stage.ts'

/** Pushing, working, failing: what a client does with jobs. */
export function jobScenarios(client: Client, scenario: Scenario): void {
  scenario('its jobs run once each, with the arguments that were pushed', async (stage) => {
    const server = await stage.start()
    const sent = [[1, 'zwei', { k: null }], ['Žluťoučký kůň 🐎 \u2028'], ['x'.repeat(200_000)], []]
    const jobs = sent.map((args, index): PushedJob => ({ jid: jid(index), jobtype: 'Ok', args }))
    const pushed = jobs.map(({ jid }) => ({ event: 'pushed', jid }))
    expect(await stage.drivers.push(server.url, jobs)).toEqual(pushed)

    const worker = await stage.drivers.work({ url: server.url })
    await untilInfo(server, (counts) => counts.total_processed === sent.length)
    const ran = events(worker.lines).flatMap((event) => (event.event === 'ran' ? [event] : []))
    expect(ran).toHaveLength(sent.length)
    const args = new Map(ran.map((event) => [event.jid, event.args ?? []]))
    sent.forEach((expected, index) => expect(args.get(jid(index))).toEqual(expected))
    expect((await info(server)).sets.working).toBe(0)
  })

  if (client.bulk) {
    scenario('pushes in bulk and hears which jobs were refused', async (stage) => {
      const server = await stage.start()
      const jobs: PushedJob[] = [
        { jid: jid(1), jobtype: 'Ok', args: [1] },
        { jid: jid(2), jobtype: '', args: [2] },
        { jid: jid(3), jobtype: 'Ok', args: [3] },
      ]
      expect(await stage.drivers.push(server.url, jobs, true)).toEqual([
        { event: 'pushed', jid: jid(1) },
        { event: 'refused', jid: jid(2), reason: 'jobs must have a jobtype parameter' },
        { event: 'pushed', jid: jid(3) },
      ])
      const rest = jobs.slice(0, 1).map((job) => ({ ...job, jid: jid(4) }))
      expect(await stage.drivers.push(server.url, rest, true)).toEqual([
        { event: 'pushed', jid: jid(4) },
      ])
      expect((await info(server)).queues).toEqual({ default: 3 })
    })
  }

  if (client.priority) {
    scenario('gets the job of the highest priority first', async (stage) => {
      const server = await stage.start()
      const priorities = [1, 1, 5, 1, 9, 1]
      await stage.drivers.push(
        server.url,
        priorities.map((priority, index) => ({
          jid: jid(index),
          jobtype: 'Ok',
          args: [priority],
          priority,
        })),
      )
      const worker = await stage.drivers.work({ url: server.url })
      const order = await worker.until(atLeast(priorities.length, 'ran'))
      expect(order).toEqual([jid(4), jid(2), jid(0), jid(1), jid(3), jid(5)])
    })
  }

  scenario('gets a scheduled job when it is due and not before', async (stage) => {
    const server = await stage.start()
    const dueMs = Date.now() + 3_000
    const at = (ms: number): string => new Date(ms).toISOString()
    await stage.drivers.push(server.url, [
      { jid: jid(1), jobtype: 'Ok', args: [1], at: at(dueMs) },
      { jid: jid(2), jobtype: 'Ok', args: [2], at: at(dueMs + 3_600_000) },
    ])
    const worker = await stage.drivers.work({ url: server.url })
    await worker.until(atLeast(1, 'ran'))
    expect(Date.now()).toBeGreaterThanOrEqual(dueMs)
    expect(jids(worker.lines, 'ran')).toEqual([jid(1)])
    expect((await info(server)).sets.scheduled).toBe(1)
    await requeue(server, 'scheduled')
    await worker.until(atLeast(2, 'ran'))
  })

  scenario('a failed job is retried, and dies with its last retry', async (stage) => {
    const server = await stage.start()
    await stage.drivers.push(server.url, [
      { jid: jid(1), jobtype: 'Fail', args: [7], retry: 1 },
      { jid: jid(2), jobtype: 'FailOnce', args: [8] },
      { jid: jid(3), jobtype: 'Fail', args: [9], retry: -1 },
      { jid: jid(4), jobtype: 'Fail', args: [10], retry: 0 },
    ])
    const worker = await stage.drivers.work({ url: server.url })
    // `retry` 0 discards the job, -1 sends it to the dead at once.
    await untilInfo(server, ({ sets, total_failures }) => {
      return sets.retries === 2 && sets.dead === 1 && sets.working === 0 && total_failures === 4
    })
    await requeue(server, 'retries')
    await untilInfo(server, ({ queues, sets }) => {
      return sets.dead === 2 && sets.retries + sets.working + (queues['default'] ?? 0) === 0
    })
    const ran = jids(worker.lines, 'ran').toSorted()
    expect(ran).toEqual([jid(1), jid(1), jid(2), jid(2), jid(3), jid(4)])
    expect((await info(server)).total_failures).toBe(5)
  })

  if (client.exactNumbers !== 'nowhere') {
    scenario('64-bit integers come back exactly', async (stage) => {
      const server = await stage.start()
      const numbers = '9007199254740993,12345678901234567890,-9223372036854775808'
      await stage.drivers.pushText(
        server.url,
        `{"jobs":[{"jid":"${jid(1)}","jobtype":"Ok","args":[${numbers}]}],"bulk":false}`,
      )
      expect(await lineOfRun(client, stage, server)).toContain(`[${numbers}]`)
    })
  }
}

/** The event of the one job there is, as the text that the client's language prints. */
async function lineOfRun(client: Client, stage: Stage, server: RunningServer): Promise<string> {
  const find = (lines: readonly string[]): string | undefined =>
    lines.find((line) => line.includes('"ran"'))
  if (client.exactNumbers === 'handler') return (await stage.drivers.work(server)).until(find)
  const env = { FAKTORY_URL: server.url, DRIVER_QUEUES: 'default' }
  return stage.drivers.run('fetch', env).until(find)
}
