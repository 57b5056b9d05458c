export { openEmbedded } from './store/embedded/engine.ts'
