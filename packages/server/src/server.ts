import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { ServerType } from '@hono/node-server'
import { writeInfo, writeServer, type Info } from '@jobmill/protocol'
import { SystemClock } from './clock.ts'
import type { Settings } from './config/settings.ts'
import type { Log } from './log.ts'
import { Listener } from './net/listener.ts'
import { Sessions } from './net/sessions.ts'
import { Waiting } from './net/waiting.ts'
import { openEmbedded } from './store/embedded/engine.ts'
import { nameHolder } from './store/embedded/lock.ts'
import { followClock } from './tasks/clock-step.ts'
import { Reaper } from './tasks/reaper.ts'
import { Scheduler } from './tasks/scheduler.ts'
import { listenWeb, webApp } from './web/web.ts'

/** The package's version, as --version and INFO tell it. */
export const VERSION = readVersion()

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export interface RunningServer {
  /** Answers what is in hand, writes everything, and lets go. */
  stop(): Promise<void>
}

/**
 * Starts a whole server: the one place that knows all parts. Rejects with a FolderError or PortError,
 * whose message says what to do; nothing is left running then.
 */
export async function startServer(settings: Settings, log: Log): Promise<RunningServer> {
  const clock = new SystemClock()
  const store = openEmbedded({
    folder: settings.dataFolder,
    durability: settings.durability,
    memoryBytes: settings.memoryBytes,
    clock,
    log,
  })
  const waiting = new Waiting()
  const sessions = new Sessions(store, clock)
  const scheduler = new Scheduler(store, clock, log)
  const reaper = new Reaper(store, sessions, log)
  const startedMs = performance.now()

  const info = async (): Promise<string> => {
    const stats = await store.stats()
    const { Scheduled, Retries, Dead, Busy } = scheduler.counts
    const timed = (count: typeof Dead, size: number) => ({
      size,
      cycles: count.cycles,
      enqueued: count.handled,
      wallTimeS: Number(count.wallTimeS.toFixed(6)),
    })
    return writeInfo({
      nowMs: clock.now(),
      queues: stats.queues,
      sets: {
        dead: stats.dead,
        retries: stats.retries,
        scheduled: stats.scheduled,
        working: stats.working,
      },
      tasks: {
        Busy: { size: stats.working, reaped: Busy.handled },
        Dead: timed(Dead, stats.dead),
        Retries: timed(Retries, stats.retries),
        Scheduled: timed(Scheduled, stats.scheduled),
        Workers: { size: stats.workers, reaped: reaper.reaped },
      },
      totalFailures: stats.failures,
      totalProcessed: stats.processed,
      ...about(),
    })
  }
  const about = (): Pick<
    Info,
    'description' | 'uptimeS' | 'connections' | 'commandCount' | 'usedMemoryMb'
  > => ({
    description: `Jobmill ${VERSION}`,
    uptimeS: Math.floor((performance.now() - startedMs) / 1000),
    connections: listener.openConnections,
    commandCount: listener.commandCount,
    usedMemoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
  })

  const listener = new Listener({
    context: { store, waiting, sessions, clock, log, info },
    password: settings.password,
  })
  store.onQueued((queues) => waiting.wake(queues))
  store.onTimed((atMs) => scheduler.wakeAt(atMs))
  store.onHealth((health) => {
    if (health.state === 'ready') listener.loaded()
    if (health.state === 'unwritable') {
      log.error(
        { reason: health.reason },
        'cannot write: pushes are refused until the disk takes writes again; free space or mend the disk',
      )
    }
  })
  clock.stepped = (byMs) => {
    sessions.shift(byMs)
    void followClock(store, log, byMs)
  }

  log.info(
    {
      folder: settings.dataFolder,
      durability: settings.durability,
      environment: settings.environment,
    },
    `Jobmill ${VERSION} keeps its data in ${settings.dataFolder}`,
  )
  if (settings.durability === 'relaxed') {
    log.warn('durability is relaxed: a power cut may lose what was acknowledged last')
  }
  let web: ServerType | undefined
  const webServers: ServerType[] = []
  await store.open()
  try {
    const addresses = await listener.listen(settings.bindings)
    nameHolder(settings.dataFolder, addresses)
    log.info(`PID ${process.pid} listening at ${addresses[0] ?? ''}, press Ctrl-C to stop`)
    const app = webApp({
      password: settings.password,
      log,
      health: () => store.health(),
      stopping: () => listener.phase !== 'running',
      info,
      server: () => writeServer(about()),
    })
    for (const { host, port } of settings.webBindings) {
      try {
        const { server, address } = await listenWeb(app, host, port)
        if (web === undefined) log.info(`Web server now listening at ${address}`)
        web = server
        webServers.push(server)
      } catch (error) {
        log.error(
          { err: error },
          `the web port ${host}:${port} cannot be used; jobs are served all the same`,
        )
      }
    }
  } catch (error) {
    await listener.stop()
    await store.close()
    throw error
  }
  scheduler.start()
  reaper.start()

  return {
    async stop() {
      log.info('Jobmill shutting down')
      reaper.stop()
      scheduler.stop()
      await listener.stop()
      for (const server of webServers) server.close()
      await store.close()
      log.info('all is written; bye')
    },
  }
}
