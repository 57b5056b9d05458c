import { describeWith, freePort } from './borrowed.ts'
import { spiped } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeWith('spiped', 'spiped', () => {
  frontScenarios(async () => spiped({ jobs: await freePort(), pages: await freePort() }), {
    tls: false,
    proxy: false,
  })
})
