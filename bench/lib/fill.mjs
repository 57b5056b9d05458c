// Puts many jobs into a server.

/** Jobs of about 200 bytes, with the priority and a number of six or seven digits. */
const ARGS_BYTES = 22

/** So that no run waits for ever: a thousand jobs a second are slow indeed. */
const limitS = (jobs) => 60 + jobs / 1000

/**
 * Pushes jobs in bulk, mixed priorities.
 * @param more further options of the generator
 * @returns the generator's report
 */
export function fill(context, server, jobs, more = {}) {
  context.say(`${jobs.toLocaleString('en-US')} jobs into ${server.name}`)
  const args = { mode: 'pushb', bulk: 500, connections: 4, jobs, limit: limitS(jobs) }
  return context.run(server, { ...args, priorities: true, 'args-bytes': ARGS_BYTES, ...more })
}

/** 1000000 → "1M", 200 → "200". */
export function short(jobs) {
  if (jobs >= 1e6) return `${jobs / 1e6}M`
  return jobs >= 1e3 ? `${jobs / 1e3}k` : String(jobs)
}
