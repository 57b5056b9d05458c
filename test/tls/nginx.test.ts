import { describeWith } from './borrowed.ts'
import { NGINX } from './fronts.ts'
import { frontScenarios } from './scenarios.ts'

describeWith(NGINX.program, NGINX.name, () => {
  frontScenarios(async () => NGINX, { tls: true, proxy: true })
})
