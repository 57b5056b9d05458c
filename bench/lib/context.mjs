// What every scenario gets: the generator, the settings, and the two servers that the short ones share.
import { startLoad } from './generator.mjs'
import { startEcho, startJobmill } from './servers.mjs'
import { sleep, untilCalm } from './wait.mjs'

/** Between runs, so that one's last work is not counted in the next. */
const PAUSE_MS = 300
/** A run in which other processes used more of the machine is done again, this often in all. */
const OTHERS_MOST_PERCENT = 20
const ATTEMPTS = 3

/**
 * @param generator path of the compiled generator
 * @param settings of lib/settings.mjs
 * @param say prints one line of progress
 */
export function makeContext(generator, settings, say) {
  let shared
  const context = {
    settings,
    say,
    /** A job server on an empty folder of its own; the caller stops it. */
    fresh: (options = {}) =>
      startJobmill({ durability: settings.durability, parent: settings.folder, ...options }),
    /** Loads a server and waits for the end; see lib/generator.mjs for `args`. */
    run: async (server, args) => {
      await untilCalm(settings.calm)
      // Else a run ends when the server has answered the last FETCH: up to two seconds of nothing.
      const report = await startLoad(generator, server, { abrupt: settings.quick, ...args }).done
      await sleep(settings.quick ? 0 : PAUSE_MS)
      return report
    },
    /** Like `run`, but again while others disturb it. @returns the report of the calmest run */
    runCalm: async (server, args) => {
      const reports = []
      do {
        reports.push(await context.run(server, args))
      } while (
        settings.calm < 100 &&
        reports.at(-1).others_cpu_percent > OTHERS_MOST_PERCENT &&
        reports.length < ATTEMPTS
      )
      return reports.sort((a, b) => a.others_cpu_percent - b.others_cpu_percent)[0]
    },
    calm: () => untilCalm(settings.calm),
    /** Loads a server beside something else: { done, stop }. */
    beside: (server, args) => startLoad(generator, server, args),
    /** { jobmill, echo }, started and warm, for scenarios that leave nothing behind. */
    servers: async () => {
      shared ??= await startShared(context)
      return shared
    },
    close: async () => {
      if (shared === undefined) return
      await shared.echo.stop()
      await shared.jobmill.stop()
    },
  }
  return context
}

async function startShared(context) {
  const echo = await startEcho()
  const jobmill = await context.fresh()
  context.say('warming up')
  // Both compilers of V8 have seen every path before anything is counted.
  const { seconds } = context.settings
  await context.run(echo, { mode: 'push', seconds })
  await context.run(jobmill, { mode: 'push', seconds, flush: true })
  await context.run(jobmill, { mode: 'cycle', seconds, flush: true })
  return { echo, jobmill }
}
