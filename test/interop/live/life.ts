import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { RunningServer } from '../../support/server.ts'
import { jids, type Client, type PushedJob } from './driver.ts'
import type { Program } from './program.ts'
import { command, freePort, info, requeue, tell } from './server.ts'
import { atLeast, jid, type Scenario } from './stage.ts'

/** A FETCH that finds nothing is held for 2 s; what is in a queue for longer, nobody fetches. */
const FETCH_MS = 4_000

/** Heartbeats, passwords, a server that goes away: a worker's life beside its jobs. */
export function lifeScenarios(client: Client, scenario: Scenario): void {
  scenario(
    'a quiet worker finishes its job and takes no other; terminate ends it',
    async (stage) => {
      const server = await stage.start()
      const worker = await stage.drivers.work({ url: server.url, wid: 'told-worker' })
      // Long enough to hear of it while the job runs.
      const seconds = client.hearsWithinSeconds + 3
      const job: PushedJob = { jid: jid(1), jobtype: 'Sleep', args: [seconds] }
      await stage.drivers.push(server.url, [job])
      await worker.until(atLeast(1, 'ran'))
      expect(JSON.parse(await tell(server, 'told-worker', 'quiet'))).toEqual({ state: 'quiet' })
      await worker.until(atLeast(1, 'done'))
      await stage.drivers.push(server.url, [{ jid: jid(2), jobtype: 'Ok', args: [] }])
      await sleep(FETCH_MS)
      expect(jids(worker.lines, 'ran')).toEqual([jid(1)])

      await tell(server, 'told-worker', 'terminate')
      expect(await worker.end(), worker.errors).toBe(client.terminatedExit)
      const { sets, queues } = await info(server)
      expect([sets.working, queues['default']]).toEqual([0, 1])
      const next = await stage.drivers.work({ url: server.url })
      await next.until(atLeast(1, 'ran'))
    },
  )

  for (const password of ['s3cret', 'se&s+ame%1']) {
    scenario(`gets in with the password ${password}`, async (stage) => {
      const server = await stage.start({ password })
      const url = `tcp://:${client.inUrl(password)}@127.0.0.1:${server.port}`
      await stage.drivers.push(url, [{ jid: jid(1), jobtype: 'Ok', args: [] }])
      const worker = await stage.drivers.work({ url })
      await worker.until(atLeast(1, 'ran'))
    })
  }

  scenario('a wrong password ends in an error, not in a hang', async (stage) => {
    const server = await stage.start({ password: 's3cret' })
    for (const login of [':wrong@', '']) {
      const url = `tcp://${login}127.0.0.1:${server.port}`
      const push = stage.drivers.push(url, [{ jid: jid(1), jobtype: 'Ok', args: [] }])
      await expect(push).rejects.toThrow(/password|authentication/i)
    }
  })

  scenario('goes on after the server was killed and started again', async (stage) => {
    const dir = await stage.folder()
    const args = ['-b', `127.0.0.1:${await freePort()}`]
    const first = await stage.start({ dir, args })
    const job = (index: number): PushedJob => {
      return { jid: jid(index), jobtype: 'Sleep', args: [0.3], reserve_for: 60 }
    }
    const jobs = Array.from({ length: 10 }, (_, index) => job(index))
    await stage.drivers.push(first.url, jobs)
    const options = { url: first.url, concurrency: 2, wid: 'steady-worker' }
    const worker = await stage.drivers.work(options)
    await worker.until(atLeast(3, 'done'))
    await first.kill('SIGKILL')
    const second = await stage.start({ dir, args })
    const workers = [worker]
    if (!client.reconnects) {
      expect(await worker.end(), worker.errors).not.toBe(0)
      await lapse(second, worker)
      workers.push(await stage.drivers.work({ ...options, wid: 'next-worker' }))
    }
    await stage.drivers.push(second.url, [job(10)])

    const missing = (): string[] => {
      const done = new Set(workers.flatMap(({ lines }) => jids(lines, 'done')))
      return [...jobs, job(10)].map((one) => one.jid).filter((one) => !done.has(one))
    }
    // A job whose way to the worker was cut stays reserved for its 60 s.
    const endMs = Date.now() + 100_000
    while (missing().length > 0 && Date.now() < endMs) {
      await requeue(second, 'retries')
      await sleep(200)
    }
    expect(missing()).toEqual([])
    expect((await info(second)).queues['default'] ?? 0).toBe(0)
  })
}

/**
 * Fails the jobs that a worker had when it ended, as the end of their reservations would. How those
 * lapse by themselves is tested without clients.
 */
async function lapse(server: RunningServer, worker: Program): Promise<void> {
  const done = new Set(jids(worker.lines, 'done'))
  const held = jids(worker.lines, 'ran').filter((one) => !done.has(one))
  for (const jid of held) await command(server, `FAIL ${JSON.stringify({ jid })}`)
}
