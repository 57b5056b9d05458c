export type Role = 'admin' | 'reader'

/** Who asks, as far as it is known. */
export interface Caller {
  readonly role: Role
  /** As typed into the browser's dialog: a claim, no proof. */
  readonly user: string
}
