import { LIVE } from './live/known.ts'
import { recordingsIn, type Recording } from './replay/recording.ts'

/** A row of the table in docs/clients.md, "Results": what is run for one client. */
export interface Row {
  readonly client: string
  readonly version: string
  readonly tested: 'live' | 'replayed from recorded bytes' | 'lines from its source'
}

/** All that the suite runs, in the order of the table: by how it is tested, then by name. */
export function rows(): readonly Row[] {
  const live = LIVE.map(({ name, version }) => ({ client: name, version }))
  return [
    ...group(live, 'live'),
    ...group(recordingsIn('recordings'), 'replayed from recorded bytes'),
    ...group(recordingsIn('lines'), 'lines from its source'),
  ]
}

function group(
  clients: readonly Pick<Recording, 'client' | 'version'>[],
  tested: Row['tested'],
): readonly Row[] {
  return clients
    .map(({ client, version }): Row => ({ client, version, tested }))
    .toSorted((a, b) => a.client.localeCompare(b.client, 'en'))
}
