import { contractSuite } from './contract.ts'
import { openEmbeddedBench } from './harness.ts'

contractSuite('embedded', openEmbeddedBench)
