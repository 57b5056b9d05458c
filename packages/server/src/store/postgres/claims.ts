import type { Facts, Needs, Seq } from '@jobmill/core'

/** As many heads of a list of queues as there are commands that ask for one. */
export interface Claim {
  readonly queues: readonly string[]
  /** Of each queue: its jobs up to this seq are removed. */
  readonly removedTo: readonly Seq[]
  /** Of each queue: no more than that. */
  readonly rooms: readonly number[]
  /** Who asks, in order. */
  readonly wids: string[]
}

/** More than a group can hand out. */
const ROOM_MAX = 1_000_000

/** What a group's FETCHes claim, a list of queues each, given what is known of queues and workers. */
export function planClaims(group: readonly { readonly needs: Needs }[], facts: Facts): Claim[] {
  const claims = new Map<string, Claim>()
  for (const { needs } of group) {
    const { take } = needs
    if (take === undefined) continue
    const open = [...new Set(take.queues)].filter((queue) => take.room(facts, queue) > 0)
    if (open.length === 0) continue
    const claim = claims.get(open.join('\n'))
    if (claim !== undefined) {
      claim.wids.push(take.wid)
      continue
    }
    claims.set(open.join('\n'), {
      queues: open,
      removedTo: open.map((queue) => facts.record('queue', queue)?.removedTo ?? 0),
      rooms: open.map((queue) => Math.min(take.room(facts, queue), ROOM_MAX)),
      wids: [take.wid],
    })
  }
  return [...claims.values()]
}

export const isSamePlan = (a: readonly Claim[], b: readonly Claim[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
