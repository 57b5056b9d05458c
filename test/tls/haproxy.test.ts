import { describeFront, HAPROXY } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeFront(HAPROXY, () => {
  frontScenarios(async () => HAPROXY, { tls: true, proxy: true })
})
