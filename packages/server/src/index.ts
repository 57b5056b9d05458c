export { startServer, VERSION, type RunningServer } from './server.ts'
