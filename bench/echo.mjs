#!/usr/bin/env node
// The floor for a job server on Node: greets, then answers +OK to every line without reading it.
// Prints its port. Usage: node bench/echo.mjs [port]
import { createServer } from 'node:net'

const NEWLINE = 10
const OK = '+OK\r\n'

function linesIn(chunk) {
  let lines = 0
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  return lines
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.write('+HI {"v":2}\r\n')
  socket.on('data', (chunk) => {
    const lines = linesIn(chunk)
    // Nearly always one line a read; `repeat` would cost a string of its own.
    if (lines === 1) socket.write(OK)
    else if (lines > 1) socket.write(OK.repeat(lines))
  })
  // A generator that is through simply closes; resets are part of that.
  socket.on('error', () => socket.destroy())
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`echo at 127.0.0.1:${server.address().port}`)
})
process.on('SIGTERM', () => process.exit(0))
