/** What a fault of the database means for the command that met it. */
export type Fault =
  /** Another transaction came between: decide again. */
  | 'conflict'
  /** The connection, or the database behind it, takes nothing now. */
  | 'away'
  /** It took too long: another time, perhaps. */
  | 'slow'
  /** The database will not have it. */
  | 'refused'

/** SQLSTATEs: serialization failure, deadlock. */
const CONFLICTS = new Set(['40001', '40P01'])
/**
 * Classes: connection, insufficient resources (disk, memory, connections), operator intervention,
 * system error; and writing to what has become a standby.
 */
const AWAY_CLASSES = new Set(['08', '53', '57', '58'])
const READ_ONLY = '25006'
/** Statement time limit and lock time limit. */
const TIME_LIMITS = new Set(['57014', '55P03'])

/** @param lost whether the connection is gone */
export function faultOf(error: unknown, lost: boolean): Fault {
  const code = codeOf(error)
  if (lost) return 'away'
  if (CONFLICTS.has(code)) return 'conflict'
  if (TIME_LIMITS.has(code)) return 'slow'
  if (AWAY_CLASSES.has(code.slice(0, 2)) || code === READ_ONLY) return 'away'
  return 'refused'
}

/** Wrong password, no such database or role, no right: waiting does not mend these. */
const HOPELESS = new Set(['28P01', '28000', '3D000', '42501'])

/** Whether connecting again could help. */
export function isHopeless(error: unknown): boolean {
  return HOPELESS.has(codeOf(error)) || error instanceof SchemaError
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** The tables are not as this program needs them. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/** What a fault says. One that joins several, as of two addresses of one name, says nothing itself. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return [...new Set(error.errors.map(messageOf))].join(', ')
  }
  return (error as Error).message
}
