import type { Address } from '../../config/bindings.ts'
import type { Flags, Variables } from '../../config/settings.ts'
import { readConfiguration, SettingsError, type Configuration } from '../../config/settings.ts'

/** Where a server's HTTP port is, and what opens it. */
export interface Target {
  /** Without a slash at the end, and without the password. */
  readonly url: string
  /** '' for none. */
  readonly password: string
  /** Where the password came from, or could come from: what to look at when it is refused. */
  readonly advice: string
}

/**
 * The server that a command is about: `--url`, else the one that would run here by the
 * configuration. What files say of a password is for that one alone. Throws SettingsError.
 */
export function targetOf(flags: Flags, variables: Variables): Target {
  const configuration = readConfiguration(flags, variables)
  const { url } = flags
  if (typeof url === 'string') return elsewhere(url, configuration)
  const { problems, settings } = configuration
  if (problems.length > 0) throw new SettingsError(problems)
  return {
    url: localUrl(settings.webBindings),
    password: settings.webPassword,
    advice:
      'jobmill config show tells which password counts here, and why; a server that runs with another ' +
      'configuration needs its -e and -c, or JOBMILL_WEB_PASSWORD',
  }
}

function elsewhere(given: string, { told }: Configuration): Target {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new SettingsError([
      `--url is ${given}: it must be the address of the pages, such as https://ops.example.com/jobs`,
    ])
  }
  const said = told.webPassword.origin.name === told.password.origin.name
  const { value, origin } =
    said || told.webPassword.origin.kind !== 'default' ? told.webPassword : told.password
  const password = decodeURIComponent(url.password) || (origin.kind === 'variable' ? value : '')
  return {
    url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''),
    password,
    advice: 'with --url it is taken from JOBMILL_WEB_PASSWORD or JOBMILL_PASSWORD',
  }
}

/** How this machine reaches what listens there. */
function localUrl(bindings: readonly Address[]): string {
  const [first] = bindings
  if (first === undefined) {
    throw new SettingsError([
      'the pages and the API are turned off here ([web] binding is :0): give the address of a server with --url',
    ])
  }
  const { host, port } = first
  if (port === 0) {
    throw new SettingsError([
      '[web] binding has port 0, a free one: give the address that the log of the server tells with --url',
    ])
  }
  const name = host === '' || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
