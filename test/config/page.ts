import {
  faktorysVariableOf,
  placeOf,
  variableOf,
  type Setting,
} from '../../packages/server/src/config/setting.ts'
import { SETTINGS } from '../../packages/server/src/config/table.ts'

const HEAD = ['key in the files', 'flag', 'variable', 'default', 'allowed', 'SIGHUP', 'meaning']

/** The table of docs/configuration.md, a row for each setting. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(SETTINGS).map(rowOf)
  return [HEAD, HEAD.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const code = (text: string): string => `\`${text}\``

function rowOf(setting: Setting<unknown>): string[] {
  const { flag, kind, fallback, otherwise = '', help, reloads } = setting
  const place = placeOf(setting)
  const variables = [variableOf(setting), faktorysVariableOf(setting)]
  return [
    place === undefined ? 'none: it decides which files are read' : code(place),
    flag === undefined
      ? setting.secret === true
        ? 'none: all can read a command line'
        : 'none'
      : flag.split(', ').map(code).join(', '),
    variables
      .filter((name) => name !== undefined)
      .map(code)
      .join(', '),
    fallback === undefined ? otherwise : fallback === '' ? 'none' : code(String(fallback)),
    kind.allowed,
    reloads === true ? 'applies' : 'restart',
    help,
  ]
}
