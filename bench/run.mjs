#!/usr/bin/env node
// `npm run bench`: the job server beside a bare echo, and the goals. README.md says how to read it.
import { writeFileSync } from 'node:fs'
import { compileGenerator, NoGenerator } from './lib/compile.mjs'
import { makeContext } from './lib/context.mjs'
import { describeMachine, machine } from './lib/machine.mjs'
import { goalTable, markdown } from './lib/report.mjs'
import { readSettings, USAGE, UsageError } from './lib/settings.mjs'
import { scenarioOf } from './scenarios/index.mjs'

const STATUS = { failed: 1, usage: 2, noGenerator: 3 }

/** Progress goes to stderr: stdout is the report and nothing else. */
const say = (text) => console.error(`… ${text}`)

async function measureAll(context, names) {
  const chosen = names.map((name) => ({ name, measure: scenarioOf(name) }))
  const results = []
  for (const { name, measure } of chosen) {
    say(name)
    const result = await measure(context)
    // A tiny run shows that the bench works; to judge it would be noise.
    if (context.settings.quick) result.goals = []
    results.push({ name, ...result })
    console.log(markdown(result))
  }
  return results
}

async function main(argv) {
  const settings = readSettings(argv)
  if (settings.help) return console.log(USAGE)
  for (const name of settings.scenarios) scenarioOf(name)
  const generator = compileGenerator()
  const about = machine(settings.folder)
  const { rounds, seconds, durability, quick } = settings
  console.log(`${describeMachine(about)}\n`)
  console.log(
    quick
      ? 'One tiny run of each: these figures mean nothing.\n'
      : `Durability ${durability}; ${rounds} rounds of ${seconds} s; median [least – most].\n`,
  )
  const context = makeContext(generator, settings, say)
  let results
  try {
    results = await measureAll(context, settings.scenarios)
  } finally {
    await context.close()
  }
  const goals = results.flatMap((result) => result.goals ?? [])
  if (goals.length > 0) console.log(`### All goals\n\n${goalTable(goals)}`)
  if (settings.json !== undefined)
    writeFileSync(
      settings.json,
      `${JSON.stringify({ machine: about, settings, results }, null, 1)}\n`,
    )
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`)
    process.exitCode = STATUS.usage
  } else if (error instanceof NoGenerator) {
    console.error(error.message)
    process.exitCode = STATUS.noGenerator
  } else {
    console.error(error instanceof Error ? error.stack : error)
    process.exitCode = STATUS.failed
  }
}
