import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../interop/live/server.ts'
import { describeWith } from '../support/toolchain.ts'
import { launch, openTab } from './browser.ts'
import { openSite, type Site } from './site.ts'

// Where Debian has nginx, out of sight of who is not root.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin`

const NGINX = 'nginx'
const PASSWORD = 'open sesame'
/** A name that browsers do not trust as they trust localhost: they send less with it. */
const HOST = 'jobs.internal'
const PREFIXES = ['/ops/jobs', '/jobs', '/kept'] as const

/** One front that takes two prefixes off and keeps one, each as people write it. */
const configuration = (port: number, server: number, folder: string): string => `
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ')}
  proxy_set_header Host $http_host;
  server {
    listen 127.0.0.1:${port};
    location /ops/jobs/ {
      proxy_pass http://127.0.0.1:${server}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Prefix /ops/jobs;
    }
    location /jobs/ {
      proxy_pass http://127.0.0.1:${server}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Script-Name /jobs;
    }
    location /kept/ {
      proxy_pass http://127.0.0.1:${server};
      proxy_set_header Host $http_host;
      proxy_set_header X-Script-Name /kept;
    }
  }
}
`

describeWith(NGINX, 'behind nginx', () =>
  describeWith('chromium', 'in a browser', () => {
    let site: Site
    let browser: Browser
    let nginx: ChildProcess
    let folder: string
    let origin: string
    beforeAll(async () => {
      site = await openSite({ password: PASSWORD })
      folder = await mkdtemp(join(tmpdir(), 'jobmill-nginx-'))
      const port = await freePort()
      const file = join(folder, 'nginx.conf')
      await writeFile(file, configuration(port, site.server.webPort, folder))
      const args = ['-e', 'stderr', '-c', file, '-g', 'daemon off;']
      nginx = spawn(NGINX, args, { stdio: 'inherit' })
      const front = `http://127.0.0.1:${port}/jobs/healthz`
      while (
        !(await fetch(front).then(
          ({ ok }) => ok,
          () => false,
        ))
      )
        await sleep(50)
      origin = `http://${HOST}:${port}`
      browser = await launch([`--host-resolver-rules=MAP ${HOST} 127.0.0.1`])
    })
    afterAll(async () => {
      await browser.close()
      const gone = new Promise((resolve) => nginx.once('exit', resolve))
      nginx.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
      await site.stop()
    })

    describe.each(PREFIXES)('under %s', (prefix) => {
      test('assets, paging, search, a job, an action, preferences, live updates', async () => {
        const name = prefix.replace(/\W/g, '-')
        const jobs = Array.from({ length: 4 }, (_, i) => ({
          jid: `job-of${name}-${i}`,
          jobtype: `Work${name}`,
          args: [],
          at: '2040-01-01T00:00:00Z',
        }))
        await site.say(`PUSHB ${JSON.stringify(jobs)}`)
        const { page, troubles, close } = await openTab(browser, origin, {
          httpCredentials: { username: 'anna', password: PASSWORD },
        })
        page.setDefaultTimeout(60_000)
        await page.goto(`${origin}${prefix}/`)
        const font = await page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")
        expect(font).toBe('22px')
        await page.getByRole('link', { name: 'Scheduled' }).click()
        await page.goto(`${page.url()}?q=jobtype:Work${name}&limit=2`)
        const first = await page.locator('tbody').innerText()
        await page.getByRole('link', { name: 'Next' }).click()
        await page.getByRole('link', { name: 'Previous' }).waitFor()
        expect(await page.locator('tbody').innerText()).not.toBe(first)

        const row = page.locator('tbody tr').first()
        const jid = (await row.getAttribute('data-jid')) ?? ''
        await row.getByRole('checkbox').check()
        await page.getByRole('button', { name: 'Queue now' }).click()
        await page.locator('.flash', { hasText: '1 job put back' }).waitFor()
        expect(new URL(page.url()).pathname).toBe(`${prefix}/scheduled`)

        await page.getByRole('searchbox', { name: 'Find jobs' }).fill(jid)
        await page.keyboard.press('Enter')
        await page.waitForURL(`${origin}${prefix}/jobs/${jid}`)
        await page.locator('h1', { hasText: `Work${name}` }).waitFor()

        await page.goto(`${origin}${prefix}/preferences`)
        await page.getByLabel('Colours').selectOption('dark')
        await page.getByRole('button', { name: 'Save' }).click()
        await page.locator('html[data-theme=dark]').waitFor()
        const cookies = await page.context().cookies()
        expect(cookies.map(({ path }) => path)).toContain(`${prefix}/`)

        // A key leads on, and a page that is open learns of what happens elsewhere.
        await page.keyboard.press('g')
        await page.keyboard.press('q')
        await page.waitForURL(`${origin}${prefix}/queues`)
        await site.say(
          `PUSH {"jid":"late-of${name}","jobtype":"W","queue":"late${name}","args":[]}`,
        )
        await page.getByRole('link', { name: `late${name}` }).waitFor()
        // Chromium says so of any page that comes by plain HTTP and not from localhost.
        expect(troubles.filter((one) => !one.includes('Cross-Origin-Opener'))).toEqual([])
        await close()
      })
    })
  }),
)
