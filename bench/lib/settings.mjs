// The command line of `npm run bench`, read into one object.
import { parseArgs } from 'node:util'

export const USAGE = `usage: npm run bench -- [options]
  --scenario LIST     of push, drain, cycle, pushbN, latencyN, backlog, start, requeue, million, or all
                      (push,drain,cycle,pushb100,latency1000,latency3000,backlog,start)
  --connections LIST  for push, drain, cycle and pushbN (50; goals are judged at 50)
  --rounds N          how often each is run, in turns with the echo (5)
  --seconds S         length of one run (2)
  --durability D      full, strict or relaxed (full)
  --full              backlog with ten million jobs too, start with five million too
  --quick             one tiny run of each scenario: shows that the benches work, measures nothing
  --calm P            wait before each run, 20 s at most, until less than P % of the machine is in use (30)
  --folder DIR        where temporary data folders are made (the system's)
  --json FILE         every figure as JSON
`

const ALL = 'push,drain,cycle,pushb100,latency1000,latency3000,backlog,start,requeue,million'.split(
  ',',
)
const COSTLY = ['requeue', 'million']
const DURABILITIES = ['full', 'strict', 'relaxed']

export class UsageError extends Error {
  name = 'UsageError'
}

function read(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        scenario: { type: 'string' },
        connections: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        durability: { type: 'string', default: 'full' },
        calm: { type: 'string' },
        folder: { type: 'string' },
        json: { type: 'string' },
        full: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error.message)
  }
}

function number(name, text, least) {
  const n = Number(text)
  if (!(n >= least))
    throw new UsageError(`--${name} wants a number of at least ${least}: "${text}"`)
  return n
}

function scenarioNames(text, quick) {
  if (text === undefined) return quick ? ALL : ALL.filter((name) => !COSTLY.includes(name))
  return text === 'all' ? ALL : text.split(',')
}

/** Throws UsageError, with what is wrong. */
export function readSettings(argv) {
  const values = read(argv)
  const { quick, full, durability, folder, json, help } = values
  if (!DURABILITIES.includes(durability))
    throw new UsageError(`--durability wants ${DURABILITIES.join(', ')}: "${durability}"`)
  const connections = (values.connections ?? (quick ? '10' : '50')).split(',')
  return Object.freeze({
    help,
    quick,
    full,
    durability,
    folder,
    json,
    scenarios: scenarioNames(values.scenario, quick),
    connections: connections.map((text) => number('connections', text, 1)),
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '5'), 1),
    seconds: number('seconds', values.seconds ?? (quick ? '0.2' : '2'), 0.1),
    calm: number('calm', values.calm ?? (quick ? '100' : '30'), 1),
  })
}
