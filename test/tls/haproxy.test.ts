import { describeWith } from './borrowed.ts'
import { HAPROXY } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeWith(HAPROXY.program, HAPROXY.name, () => {
  frontScenarios(async () => HAPROXY, { tls: true, proxy: true })
})
