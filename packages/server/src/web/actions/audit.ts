import type { Web } from '../context.ts'
import type { View } from '../view.ts'

/** One line of the log for each thing that an operator does. @param what e.g. "pause queue" */
export function audit(
  { log }: Web,
  view: Pick<View, 'user'>,
  address: string,
  what: string,
  details: Readonly<Record<string, unknown>>,
): void {
  log.info({ by: view.user || 'somebody', address, ...details }, `an operator's action: ${what}`)
}
