import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { isDeepStrictEqual } from 'node:util'
import type { ServerType } from '@hono/node-server'
import type { Hono } from 'hono'
import { Activity } from './activity/activity.ts'
import { Keeper } from './activity/keeper.ts'
import { SystemClock } from './clock.ts'
import type { Address } from './config/bindings.ts'
import type { Settings } from './config/settings.ts'
import { hasTlsFiles } from './folder-facts.ts'
import { HealthLog } from './health-log.ts'
import type { Log } from './log.ts'
import { Listener } from './net/listener.ts'
import { portFault } from './net/port-fault.ts'
import { Sessions } from './net/sessions.ts'
import { Waiting } from './net/waiting.ts'
import { Report } from './report.ts'
import { openStorage } from './storage.ts'
import { backupsFolder, describeBackups } from './store/backup-files.ts'
import { Backups } from './tasks/backups.ts'
import { ClockFollower } from './tasks/clock-step.ts'
import { Orphans } from './tasks/orphans.ts'
import { Reaper } from './tasks/reaper.ts'
import { Scheduler } from './tasks/scheduler.ts'
import { VERSION } from './version.ts'
import { webApp } from './web/app.tsx'
import type { Env, WebSettings } from './web/context.ts'
import { listenWeb } from './web/listen.ts'
import { LANGUAGES } from './web/text/languages.ts'

export interface RunningServer {
  /** Where clients connect, `host:port` each, with real ports. */
  readonly addresses: readonly string[]
  /** The same for HTTP; empty when it is off or its port could not be had. */
  readonly webAddresses: readonly string[]
  /**
   * Takes over what may change while it runs: the passwords, for connections and requests to come,
   * and where HTTP listens; where that fails, it goes on as before.
   */
  apply(settings: Settings): Promise<void>
  /** Answers what is in hand, writes everything, and lets go. */
  stop(): Promise<void>
}

/**
 * Starts a whole server: the one place that knows all parts. Rejects with a FolderError or PortError,
 * whose message says what to do; nothing is left running then.
 * @param testClock one that a test sets   @param languages of the pages
 */
export async function startServer(
  settings: Settings,
  log: Log,
  testClock?: SystemClock,
  languages = LANGUAGES,
): Promise<RunningServer> {
  const { store, clock, tell, listening, backsUp } = openStorage(settings, log, testClock)
  const waiting = new Waiting()
  const sessions = new Sessions(store, clock)
  const isAlone = settings.database === ''
  const activity = new Activity(clock.now(), { hearsAll: isAlone })
  const keeper = new Keeper(store, clock, log, activity, isAlone ? '' : hostname())
  const scheduler = new Scheduler(store, clock, log, activity)
  const reaper = new Reaper(store, sessions, clock, log)
  let current = settings
  const orphans = new Orphans({ store, log, recovers: () => current.recoverOrphans })
  const backups = new Backups({
    store,
    clock,
    log,
    folder: backupsFolder(settings.dataFolder),
    everyMs: backsUp ? settings.backupEveryMs : 0,
    keep: settings.backupKeep,
  })
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
    context: { store, waiting, sessions, clock, log, activity, info },
    password: settings.password,
    proxyProtocol: settings.proxyProtocol,
  })

  store.onQueued((queues) => waiting.wake(queues))
  store.onTimed((atMs) => scheduler.wakeAt(atMs))
  store.onHealth((health) => {
    healthLog.changed(health)
    if (health.state !== 'ready') return
    keeper.start()
    listener.loaded()
  })
  if (clock instanceof SystemClock) {
    clock.stepped = (byMs) => {
      sessions.shift(byMs)
      scheduler.hold(follower.follow(byMs))
    }
  }

  tell(VERSION)
  tellSettings(settings, log)
  await store.open()
  let addresses: string[] = []
  try {
    addresses = await listener.listen(settings.bindings)
    listening(addresses)
  } catch (error) {
    await listener.stop()
    await store.close()
    throw error
  }
  log.info({ addresses }, `PID ${process.pid} listening at ${addresses[0]}, press Ctrl-C to stop`)

  let { password, webBindings } = settings
  const app = webApp({
    store,
    clock,
    log,
    activity,
    keepMarks: () => keeper.keepMarks(),
    version: VERSION,
    languages,
    settings: () => webSettings(current),
    server: {
      health: () => store.health(),
      stopping: () => listener.phase !== 'running',
      info,
      facts: () => report.server(),
      addresses: () => addresses,
      isLost: (wid) => orphans.isLost(wid),
      backups: {
        list: () => describeBackups(backupsFolder(settings.dataFolder)),
        isRunning: () => backups.status.running,
        lastError: () => backups.status.lastError,
        begin: () => backups.begin(),
      },
    },
  })
  let web = await openWeb(app, settings.webBindings, log)
  scheduler.start()
  reaper.start()
  orphans.start()
  backups.start()

  return {
    addresses,
    get webAddresses() {
      return web.addresses
    },
    async apply(next) {
      if (next.password !== password) listener.usePassword(next.password)
      password = next.password
      current = next
      if (isDeepStrictEqual(next.webBindings, webBindings)) return
      web.close()
      web = await openWeb(app, next.webBindings, log)
      if (next.webBindings.length > 0 && web.addresses.length === 0) {
        log.warn('HTTP goes on where it was')
        web = await openWeb(app, webBindings, log)
      } else webBindings = next.webBindings
    },
    async stop() {
      log.info('Jobmill shutting down')
      backups.stop()
      reaper.stop()
      orphans.stop()
      scheduler.stop()
      await listener.stop()
      web.close()
      await keeper.stop()
      await store.close()
      log.info('all is written; bye')
    },
  }
}

/** What the pages see of the settings. */
export const webSettings = (settings: Settings): WebSettings => ({
  password: settings.webPassword,
  readonlyPassword: settings.webReadonlyPassword,
  readonly: settings.webReadonly,
  url: settings.webUrl,
  title: settings.webTitle,
  hide: settings.webHide,
  environment: settings.environment,
})

export interface WebDoor {
  readonly addresses: readonly string[]
  close(): void
}

/** HTTP where it can be had; where it cannot, the log says why. */
export async function openWeb(
  app: Hono<Env>,
  bindings: readonly Address[],
  log: Log,
): Promise<WebDoor> {
  const servers: ServerType[] = []
  const addresses: string[] = []
  for (const { host, port } of bindings) {
    try {
      // Port 0 is one free port for all addresses of the same name.
      const free = Number(addresses[0]?.replace(/^.*:/, ''))
      const { server, address } = await listenWeb(app, host, port === 0 && free > 0 ? free : port)
      servers.push(server)
      addresses.push(address)
    } catch (error) {
      const { message } = portFault(error as Error, host, port)
      log.error(`no HTTP: ${message}. Jobs are served all the same`)
    }
  }
  if (servers.length > 0) log.info({ addresses }, `Web server now listening at ${addresses[0]}`)
  return {
    addresses,
    close() {
      for (const server of servers) server.close()
    },
  }
}

function tellSettings(settings: Settings, log: Log): void {
  for (const warning of settings.warnings) log.warn(warning)
  if (hasTlsFiles(settings.configFolder)) {
    log.warn(
      { folder: settings.configFolder },
      'private.key.pem and public.cert.pem are not used: both ports speak plain text; ' +
        'let a front such as haproxy, nginx or stunnel end TLS, see docs/tls.md',
    )
  }
}
