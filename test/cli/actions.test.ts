import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMAND } from '../config/command.ts'
import { describeWith } from '../support/toolchain.ts'
import { openSite, type Site } from '../web/site.ts'
import { operator, seedStill } from './operator.ts'

let site: Site
beforeAll(async () => {
  site = await openSite()
  await seedStill(site)
})
afterAll(() => site.stop())

async function ask(path: string): Promise<unknown> {
  return (await site.get(`/api/v1${path}`)).json()
}

const pushTo = (queue: string, jid: string): Promise<string> =>
  site.say(`PUSH ${JSON.stringify({ jid, jobtype: 'T', args: [], queue })}`)

test('pauses, resumes and forgets queues, but no queue whose name is wrong', async () => {
  const jobmill = operator(site)
  await pushTo('spare', 'spare-job-1')
  expect(await jobmill('queues', 'pause', 'sparre')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'jobmill: there is no queue sparre; the nearest name is spare\n',
  })
  expect((await jobmill('queues', 'pause', 'spare')).stdout).toBe(
    'spare is paused: nothing is fetched from it\n',
  )
  expect(await ask('/queues/spare')).toMatchObject({ paused: true })
  expect((await jobmill('queues', 'resume', 'spare')).stdout).toBe('spare goes on\n')
  expect(await ask('/queues/spare')).toMatchObject({ paused: false })
  expect((await jobmill('queues', 'remove', 'spare')).stderr).toContain('1 jobs wait in spare')
  await site.worker.send('FETCH spare')
  await site.worker.send('ACK {"jid":"spare-job-1"}')
  expect((await jobmill('queues', 'remove', 'spare')).stdout).toBe('spare is forgotten\n')
  expect((await jobmill('queues', 'pause', 'to-come', '--new')).code).toBe(0)
  expect(await ask('/queues/to-come')).toMatchObject({ paused: true })
})

test('clears a queue only when that is confirmed', async () => {
  const jobmill = operator(site)
  for (let i = 0; i < 3; i += 1) await pushTo('full', `full-job-${i}`)
  const { code, stderr } = await jobmill('queues', 'clear', 'full')
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /^jobmill: this would delete 3 jobs waiting in full at \S+; there is no terminal to ask at: say --yes/,
  )
  expect(await ask('/queues/full')).toMatchObject({ waiting: 3 })
  expect(await jobmill('queues', 'clear', 'full', '--yes')).toMatchObject({
    code: 0,
    stdout: 'full is emptied\n',
  })
  expect(await ask('/queues/full')).toMatchObject({ code: 'NO_QUEUE' })
})

test('does to all that match, once it is confirmed, and tells how many', async () => {
  const jobmill = operator(site)
  const refused = await jobmill('retries', 'jid:failing-0', '--retry')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/this would enqueue 1 job \(retries, jid:failing-0\) at /)
  expect(await ask('/jobs/failing-0')).toMatchObject({ state: 'retries' })
  expect((await jobmill('retries', 'jid:failing-0', '--retry', '--yes')).stdout).toBe(
    '1 job enqueued\n',
  )
  expect(await ask('/jobs/failing-0')).toMatchObject({ state: 'waiting' })
  expect((await jobmill('retries', 'jid:failing-1', '--kill', '-y')).stdout).toBe(
    '1 job moved to the dead\n',
  )
  expect(await ask('/jobs/failing-1')).toMatchObject({ state: 'dead' })
  expect((await jobmill('dead', 'jid:failing-1', '--delete', '-y')).stdout).toBe('1 job deleted\n')
  expect((await jobmill('scheduled', '--enqueue', '--yes')).stdout).toBe('3 jobs enqueued\n')
  expect(await ask('/queues/reports')).toMatchObject({ waiting: 3 })
  const json = (await jobmill('jobs', '--queue', 'reports', '--delete', '--yes', '--json')).stdout
  expect(JSON.parse(json)).toMatchObject({ do: 'delete', state: 'done', total: 3, done: 3 })
  expect(await jobmill('dead', 'jid:nobody', '--retry')).toMatchObject({
    code: 0,
    stdout: 'no job matches: nothing was done\n',
  })
  expect((await jobmill('dead', '--kill', '--yes')).code).toBe(2)
})

test('does one thing to one job without a question', async () => {
  const jobmill = operator(site)
  expect((await jobmill('jobs', 'failing-2', '--retry')).stdout).toBe('failing-2 is in its queue\n')
  expect(await ask('/jobs/failing-2')).toMatchObject({ state: 'waiting' })
  expect((await jobmill('jobs', 'waiting-4', '--kill')).stdout).toBe(
    'waiting-4 is among the dead\n',
  )
  expect(await ask('/jobs/waiting-4')).toMatchObject({ state: 'dead' })
  expect((await jobmill('jobs', 'waiting-5', '--delete')).stdout).toBe('waiting-5 is deleted\n')
  expect(await ask('/jobs/waiting-5')).toMatchObject({ code: 'NO_JOB' })
  const wrong = await jobmill('jobs', 'waiting-6', '--recover')
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('jobmill why waiting-6 tells where it is')
})

test('asks workers, and recovers what a lost one holds', async () => {
  const jobmill = operator(site)
  const list = (await jobmill('workers')).stdout
  expect(list).toMatch(/^WID +HOST +PID +STATE +BUSY +STARTED +BEAT +RSS +LABELS\nworker-1 /)
  expect(await jobmill('workers', 'quiet', 'worker-2')).toMatchObject({
    code: 1,
    stderr: 'jobmill: no worker worker-2 is connected; the nearest name is worker-1\n',
  })
  expect((await jobmill('workers', 'quiet', 'worker-1')).stdout).toBe(
    'worker-1 gets no more jobs from its next beat on\n',
  )
  expect((await site.worker.send('BEAT {"wid":"worker-1"}')).text).toBe('{"state":"quiet"}')
  expect((await jobmill('workers', 'stop', 'all')).stderr).toMatch(/this would stop 1 worker at /)
  expect((await jobmill('workers', 'stop', 'all', '--yes')).code).toBe(0)
  expect((await site.worker.send('BEAT {"wid":"worker-1"}')).text).toBe('{"state":"terminate"}')
  expect((await jobmill('workers', 'recover', 'worker-1')).stderr).toMatch(
    /this would end 1 reservation of worker-1 at /,
  )
  expect((await jobmill('workers', 'recover', 'worker-1', '--yes')).stdout).toBe(
    '1 job recovered: each waits for its next try\n',
  )
  expect(await ask('/jobs/running-1')).toMatchObject({ state: 'retries' })
  expect(await jobmill('workers', 'recover', 'worker-1', '--yes')).toMatchObject({ code: 1 })
})

describeWith('script', 'at a terminal', () => {
  /** Runs the command at a pseudo-terminal of script(1), and types a line when it is asked. */
  function typed(line: string, args: readonly string[]): Promise<{ code: number; text: string }> {
    const words = [process.execPath, COMMAND, ...args, '--url', site.url]
    const child = spawn('script', ['-qefc', words.map((one) => `'${one}'`).join(' '), '/dev/null'])
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (chunk.includes('[y/N]')) child.stdin.write(`${line}\n`)
    })
    return new Promise((resolve) => {
      child.once('close', (code) => resolve({ code: code ?? -1, text }))
    })
  }

  test('a question is asked, and only yes goes on', async () => {
    await pushTo('asked', 'asked-job-1')
    const no = await typed('', ['queues', 'clear', 'asked'])
    expect(no.text).toMatch(/This will delete 1 job waiting in asked at \S+\. Go on\? \[y\/N\]/)
    expect(no.text).toContain('jobmill: nothing was done')
    expect(no.code).toBe(1)
    expect(await ask('/queues/asked')).toMatchObject({ waiting: 1 })
    const yes = await typed('y', ['queues', 'clear', 'asked'])
    expect(yes.text).toContain('asked is emptied')
    expect(yes.code).toBe(0)
    expect(await ask('/queues/asked')).toMatchObject({ code: 'NO_QUEUE' })
  })
})
