import { machine, type Outcome } from '../config/command.ts'
import { seed, type Site } from '../web/site.ts'

/** The command on a machine of its own, that asks a site. Its password comes by the environment. */
export function operator(
  site: Site,
  password?: string,
): (...args: readonly string[]) => Promise<Outcome> {
  const { runBeside } = machine()
  const variables = password === undefined ? {} : { JOBMILL_WEB_PASSWORD: password }
  return (...args) => {
    // What follows -- is no option.
    const end = args.includes('--') ? args.indexOf('--') : args.length
    return runBeside([...args.slice(0, end), '--url', site.url, ...args.slice(end)], variables)
  }
}

/** Jobs in every place that stay there: the retries are planned for tomorrow. */
export async function seedStill(site: Site): Promise<void> {
  await seed(site)
  const at = new Date(Date.now() + 86_400_000).toISOString()
  for (let i = 0; i < 4; i += 1) await site.send('PATCH', `/api/v1/jobs/failing-${i}`, { at })
}
