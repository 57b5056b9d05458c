// Runs the load generator against a server and reads its one line of JSON.
import { startChild } from './children.mjs'

/**
 * @param path of the compiled generator   @param server { name, pid, port }
 * @param args further options of fwpload, by name: { mode: 'push', seconds: 2, flush: true, … }
 * @returns { done: Promise<report>, stop() }; stop: push no more, let what is under way come through.
 * `done` rejects with the generator's own words when it did not end with status 0.
 */
export function startLoad(path, server, args) {
  const list = Object.entries(args).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [`--${name}`] : [`--${name}`, String(value)]
  })
  const child = startChild(
    path,
    [
      '--address',
      `127.0.0.1:${server.port}`,
      '--server-pid',
      String(server.pid),
      '--json',
      ...list,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text))
  const done = child.ended.then(({ code, signal, error }) => {
    if (error !== undefined || code !== 0)
      throw new Error(
        `fwpload ${list.join(' ')} on ${server.name}: ${error?.message ?? `exit ${code ?? signal}`}: ${errors.trim()}`,
      )
    return readReport(out)
  })
  return { done, stop: () => child.kill('SIGTERM') }
}

/** Adds what the tables want to what the generator says: CPU in µs a job, counted exactly, all threads. */
function readReport(out) {
  const report = JSON.parse(out)
  const main = report.server_main_cpu_us_per_job
  const rest = report.server_other_threads_cpu_us_per_job
  return {
    ...report,
    cpuMainUs: main,
    cpuRestUs: rest,
    // `server_cpu_us_per_job` is counted in steps of 10 ms: only where the kernel has nothing better.
    cpuUs: main === undefined ? report.server_cpu_us_per_job : main + rest,
  }
}
