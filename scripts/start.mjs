// `npm start`: install and build what is needed, then run the server with the arguments after `--`.
import { root, setUp } from './setup.mjs'

setUp()
process.argv = [process.argv[0], 'jobmill', ...process.argv.slice(2)]
// In this process, so that signals and the exit code are the server's own.
await import(`${root}packages/server/dist/cli/main.js`)
