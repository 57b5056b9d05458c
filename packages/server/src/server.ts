import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { ServerType } from '@hono/node-server'
import { SystemClock } from './clock.ts'
import type { Settings } from './config/settings.ts'
import { folderFacts, hasTlsFiles } from './folder-facts.ts'
import { HealthLog } from './health-log.ts'
import type { Log } from './log.ts'
import { Listener } from './net/listener.ts'
import { portFault } from './net/port-fault.ts'
import { Sessions } from './net/sessions.ts'
import { Waiting } from './net/waiting.ts'
import { Report } from './report.ts'
import { openEmbedded } from './store/embedded/engine.ts'
import { nameHolder } from './store/embedded/lock.ts'
import { ClockFollower } from './tasks/clock-step.ts'
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
  /** Where clients connect, `host:port` each, with real ports. */
  readonly addresses: readonly string[]
  /** The same for HTTP; empty when it is off or its port could not be had. */
  readonly webAddresses: readonly string[]
  /** Answers what is in hand, writes everything, and lets go. */
  stop(): Promise<void>
}

/**
 * Starts a whole server: the one place that knows all parts. Rejects with a FolderError or PortError,
 * whose message says what to do; nothing is left running then. @param clock for tests: one that they set
 */
export async function startServer(
  settings: Settings,
  log: Log,
  clock = new SystemClock(),
): Promise<RunningServer> {
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
  const reaper = new Reaper(store, sessions, clock, log)
  const follower = new ClockFollower(store, log)
  const healthLog = new HealthLog(log, () => performance.now())
  const report = new Report({
    store,
    clock,
    version: VERSION,
    tasks: scheduler.counts,
    reaped: () => reaper.reaped,
    connections: () => listener.openConnections,
    commands: () => listener.commandCount,
  })
  const info = (): Promise<string> => report.info()
  const listener = new Listener({
    context: { store, waiting, sessions, clock, log, info },
    password: settings.password,
  })

  store.onQueued((queues) => waiting.wake(queues))
  store.onTimed((atMs) => scheduler.wakeAt(atMs))
  store.onHealth((health) => {
    healthLog.changed(health)
    if (health.state === 'ready') listener.loaded()
  })
  clock.stepped = (byMs) => {
    sessions.shift(byMs)
    scheduler.hold(follower.follow(byMs))
  }

  tellSettings(settings, log)
  await store.open()
  const web: ServerType[] = []
  const webAddresses: string[] = []
  let addresses: string[] = []
  try {
    addresses = await listener.listen(settings.bindings)
    nameHolder(settings.dataFolder, addresses)
  } catch (error) {
    await listener.stop()
    await store.close()
    throw error
  }
  log.info({ addresses }, `PID ${process.pid} listening at ${addresses[0]}, press Ctrl-C to stop`)

  const app = webApp({
    password: settings.webPassword,
    log,
    health: () => store.health(),
    stopping: () => listener.phase !== 'running',
    info,
    server: () => report.server(),
  })
  for (const { host, port } of settings.webBindings) {
    try {
      // Port 0 is one free port for all addresses of the same name.
      const free = Number(webAddresses[0]?.replace(/^.*:/, ''))
      const { server, address } = await listenWeb(app, host, port === 0 && free > 0 ? free : port)
      web.push(server)
      webAddresses.push(address)
    } catch (error) {
      const { message } = portFault(error as Error, host, port)
      log.error(`no HTTP: ${message}. Jobs are served all the same`)
    }
  }
  if (web.length > 0) {
    log.info({ addresses: webAddresses }, `Web server now listening at ${webAddresses[0]}`)
  }
  scheduler.start()
  reaper.start()

  return {
    addresses,
    webAddresses,
    async stop() {
      log.info('Jobmill shutting down')
      reaper.stop()
      scheduler.stop()
      await listener.stop()
      for (const server of web) server.close()
      await store.close()
      log.info('all is written; bye')
    },
  }
}

function tellSettings(settings: Settings, log: Log): void {
  const { dataFolder: folder, environment, durability } = settings
  const facts = folderFacts(folder)
  log.info(
    {
      folder,
      environment,
      durability,
      freeMib: facts?.freeMib,
      fileSystem: facts?.fileSystem,
    },
    `Jobmill ${VERSION} keeps its data in ${folder}`,
  )
  for (const warning of settings.warnings) log.warn(warning)
  if (facts?.danger !== undefined) log.warn({ folder }, `the data folder ${facts.danger}`)
  if (durability === 'relaxed') {
    log.warn('durability is relaxed: a power cut may lose what was acknowledged last')
  }
  if (hasTlsFiles(settings.configFolder)) {
    log.warn(
      { folder: settings.configFolder },
      'private.key.pem and public.cert.pem are not used: both ports speak plain text; ' +
        'let a front such as haproxy, nginx or stunnel end TLS',
    )
  }
}
