import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkData } from '../../packages/server/src/store/embedded/check.ts'
import { describeWith } from '../support/toolchain.ts'
import { FwpConnection } from '../support/fwp.ts'
import { startServer, type RunningServer } from '../support/server.ts'

/** Files of the server may grow to so many bytes from now on: past it each write fails. */
function limitFiles(server: RunningServer, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${server.pid}`, `--fsize=${bytes}:unlimited`])
}

const pushOf = (jid: string): string =>
  `PUSH ${JSON.stringify({ jid, jobtype: 'T', args: ['x'.repeat(3000)] })}`

async function readiness(server: RunningServer): Promise<number> {
  return (await fetch(`http://127.0.0.1:${server.webPort}/readyz`)).status
}

async function waiting(connection: FwpConnection): Promise<number> {
  const { text = '' } = await connection.send('INFO')
  const info = JSON.parse(text) as { faktory: { total_enqueued: number } }
  return info.faktory.total_enqueued
}

describeWith('prlimit', 'a disk that takes no more writes', () => {
  test('refuses pushes with the reason, reads on, mends itself, and loses nothing', async () => {
    const server = await startServer()
    const connection = await FwpConnection.open({ port: server.port, wid: 'w' })
    expect((await connection.send(pushOf('job-held-1'))).text).toBe('OK')
    expect((await connection.send('FETCH default')).kind).toBe('bulk')

    limitFiles(server, statSync(join(server.dir, 'jobmill.db-wal')).size + 400_000)
    let taken = 0
    let reply = await connection.send(pushOf('job-0'.padEnd(12, '0')))
    while (reply.text === 'OK') {
      taken += 1
      reply = await connection.send(pushOf(`job-${String(taken).padStart(8, '0')}`))
    }
    expect(taken).toBeGreaterThan(5)
    expect(reply.text).toMatch(/^ERR the server cannot write to its disk: .*try again later$/)
    expect(await readiness(server)).toBe(503)
    expect(await waiting(connection)).toBeGreaterThanOrEqual(taken)
    expect((await connection.send('FETCH default')).kind).toBe('nil')
    expect((await connection.send('ACK {"jid":"job-held-1"}')).text).toBe('OK')
    expect((await connection.send(pushOf('job-refused-1'))).text).toMatch(
      /^ERR the server cannot write/,
    )

    limitFiles(server, 'unlimited')
    await expect.poll(() => readiness(server), { timeout: 10_000 }).toBe(200)
    expect((await connection.send(pushOf('job-mended-1'))).text).toBe('OK')
    await server.kill('SIGKILL')

    const again = await startServer({ dir: server.dir })
    const after = await FwpConnection.open({ port: again.port })
    // The push that failed first may have been written by a later try; the one refused at once was not.
    expect([taken + 1, taken + 2]).toContain(await waiting(after))
    await again.kill('SIGTERM')
    const report = await checkData(server.dir)
    expect(report.problems).toEqual([])
    expect(report.summary).toMatchObject({ working: 0 })
    await server.stop()
  })
})
