import { describeWith } from './borrowed.ts'
import { STUNNEL } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeWith(STUNNEL.program, STUNNEL.name, () => {
  frontScenarios(async () => STUNNEL, { tls: true, proxy: true })
})
