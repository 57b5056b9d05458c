import { describeFront, STUNNEL } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeFront(STUNNEL, () => {
  frontScenarios(async () => STUNNEL, { tls: true, proxy: true })
})
