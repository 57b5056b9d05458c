import { freePort } from '../interop/live/server.ts'
import { describeFront, spiped, SPIPED } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeFront(SPIPED, () => {
  frontScenarios(async () => spiped({ jobs: await freePort(), pages: await freePort() }), {
    tls: false,
    proxy: false,
  })
})
