import { describeFront, NGINX } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeFront(NGINX, () => {
  frontScenarios(async () => NGINX, { tls: true, proxy: true })
})
