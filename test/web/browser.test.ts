import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOfError } from '../../packages/server/src/activity/errors.ts'
import { describeWith } from '../support/toolchain.ts'
import { accessibility, launch, openTab } from './browser.ts'
import { HOSTILE, openSite, seed, type Site } from './site.ts'

const PAGES = [
  '/',
  '/?range=24h',
  '/charts',
  '/charts?by=queue&name=critical&range=30d',
  '/errors',
  `/errors/${idOfError('Charge', 'Stripe::RateLimitError', HOSTILE)}`,
  '/queues',
  '/queues/webhooks',
  '/queues/nowhere',
  '/retries',
  '/retries?q=colour:red',
  '/scheduled',
  '/morgue',
  '/busy',
  '/workers/worker-1',
  '/jobs/waiting-1',
  '/jobs/hostile-1',
  '/jobs/failing-1',
  '/jobs/failing-5',
  '/jobs/running-1',
  '/jobs/never-was',
  '/search?q=charge',
  '/search?q=nothing-like-it',
  '/actions',
  '/actions/new?set=retries&do=delete&q=jobtype:Charge',
  '/health',
  '/preferences',
  '/help',
  '/nowhere',
]

describeWith('chromium', 'the pages', () => {
  let site: Site
  let browser: Browser
  beforeAll(async () => {
    site = await openSite()
    await seed(site)
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })

  describe.each([
    { colorScheme: 'light', width: 1440 },
    { colorScheme: 'dark', width: 390 },
  ] as const)('$colorScheme, $width px wide', ({ colorScheme, width }) => {
    test.each(PAGES)('%s', async (path) => {
      const { page, troubles, close } = await openTab(browser, site.url, {
        colorScheme,
        viewport: { width, height: 900 },
      })
      const response = await page.goto(site.url + path)
      expect(response?.status()).toBeLessThan(500)
      expect(await accessibility(page)).toEqual([])
      const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
      const [wide, inner] = widths as [number, number]
      expect(wide).toBeLessThanOrEqual(inner)
      expect(troubles.filter((one) => !/404|422/.test(one))).toEqual([])
      await close()
    })
  })
})
