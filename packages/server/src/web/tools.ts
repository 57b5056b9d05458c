import type { Flashes } from './actions/flash.ts'
import type { MassActions } from './actions/mass.ts'
import type { Web } from './context.ts'
import type { FormSecret } from './guard/secret.ts'

/** What pages, actions and the API share. */
export interface Tools {
  readonly web: Web
  readonly mass: MassActions
  readonly flashes: Flashes
  readonly secret: FormSecret
}
