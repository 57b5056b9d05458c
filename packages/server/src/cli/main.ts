#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `jobmill: Node ${process.versions.node} is too old: install Node 20.19 or later\n`,
  )
  process.exit(2)
}

// Loading the rest takes a moment, in which a SIGHUP, whose default is the end, must not end a server.
process.on('SIGHUP', () => {})

// After the look at the version, for an old Node would stumble over the syntax first.
const { runCommand } = await import('./program.ts')
process.exit(await runCommand(process.argv.slice(2)))
