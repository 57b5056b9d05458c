import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { COMMAND, machine } from '../config/command.ts'
import { openSite, seed } from '../web/site.ts'

const digest = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex')

/** Starts `jobmill inspect` in a temporary folder of its own, and waits until it tells its address. */
async function inspecting(home: string, file: string) {
  const child = spawn(process.execPath, [COMMAND, 'inspect', file], {
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await expect.poll(() => text, { timeout: 30_000 }).toMatch(/Ctrl-C ends it/)
  return {
    text,
    url: /http:\S+/.exec(text)?.[0] ?? '',
    stop: () => {
      child.kill('SIGINT')
      return new Promise((resolve) => child.once('close', resolve))
    },
  }
}

test('a data file of a killed server is shown, read only, and stays as it was', async () => {
  const { home } = machine()
  const site = await openSite()
  onTestFinished(() => site.stop())
  await seed(site)
  // Half of it still in the log beside the file, as an incident leaves it.
  await site.server.kill()
  for (const end of ['', '-wal']) {
    copyFileSync(join(site.server.dir, `jobmill.db${end}`), join(home, `incident.db${end}`))
  }
  const file = join(home, 'incident.db')
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
  const before = [file, `${file}-wal`].map(digest)

  const shown = await inspecting(home, file)
  expect(shown.text).toMatch(
    /^25 jobs, [\d.]+ MiB: \S+incident\.db was copied, and stays as it is\n/,
  )
  const get = async (path: string) => (await fetch(shown.url + path)).text()
  const overview = JSON.parse(await get('/api/v1/overview')) as object
  expect(overview).toMatchObject({ waiting: 15, running: 1, scheduled: 3, retries: 4, dead: 2 })
  expect(await get('/jobs/waiting-3')).toContain('incident.db')
  for (const [method, path] of [
    ['POST', '/api/v1/jobs/failing-0/retry'],
    ['POST', '/api/v1/queues/mailers/resume'],
    ['DELETE', '/api/v1/jobs/waiting-1'],
    ['POST', '/retries'],
  ]) {
    expect((await fetch(shown.url + path, { method: method ?? '' })).status).toBe(403)
  }
  expect(await shown.stop()).toBe(0)
  expect([file, `${file}-wal`].map(digest)).toEqual(before)
  expect(readdirSync(home).toSorted()).toEqual(['incident.db', 'incident.db-wal'])
})

test('what is due stays where it is', async () => {
  const { home, runBeside } = machine()
  const site = await openSite()
  onTestFinished(() => site.stop())
  const at = new Date(Date.now() + 2000).toISOString()
  await site.say(`PUSH {"jid":"due-soon-1","jobtype":"T","args":[],"at":"${at}"}`)
  const file = join(home, 'copy.db')
  expect((await runBeside(['backup', '-d', site.server.dir, '--to', file])).code).toBe(0)
  const shown = await inspecting(home, file)
  const due = async () => {
    const { state } = (await (await fetch(`${shown.url}/api/v1/jobs/due-soon-1`)).json()) as {
      state: string
    }
    return { state, wasDue: Date.now() > Date.parse(at) }
  }
  const live = async () =>
    ((await (await site.get('/api/v1/jobs/due-soon-1')).json()) as { state: string }).state
  // The running server shows that the time has come.
  await expect.poll(live, { timeout: 30_000 }).toBe('waiting')
  expect(await due()).toEqual({ state: 'scheduled', wasDue: true })
  expect(await shown.stop()).toBe(0)
})

test('a running server’s file, and what is none, are refused with what to do', async () => {
  const { home, runBeside } = machine()
  const site = await openSite()
  onTestFinished(() => site.stop())
  const { dir } = site.server
  const live = await runBeside(['inspect', join(dir, 'jobmill.db')])
  expect(live).toEqual({
    code: 1,
    stdout: '',
    stderr:
      `jobmill: a server runs on ${dir}/jobmill.db: jobmill backup -d ${dir} --to copy.db, ` +
      'then jobmill inspect copy.db\n',
  })
  writeFileSync(
    join(home, 'notes.txt'),
    'this is no database, whatever its length may be\n'.repeat(99),
  )
  expect((await runBeside(['inspect', 'notes.txt'])).stderr).toMatch(
    /notes\.txt is no data of Jobmill's: file is not a database/,
  )
  expect((await runBeside(['inspect', 'nothing.db'])).stderr).toMatch(
    /there is no file ~\/nothing\.db/,
  )
  expect((await runBeside(['inspect', dir])).stderr).toMatch(/is a folder: give a file, such as /)
  expect((await runBeside(['inspect'])).code).toBe(2)
})
