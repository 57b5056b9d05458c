import type { Needs, Rule } from '@jobmill/core'
import type { Done } from '../store.ts'

/** A rule that waits to be decided, with its input and what it needs. Made by `command`. */
export interface Command {
  readonly name: string
  readonly needs: Needs
  /** It found nothing where another of its group may have had what it was to get: once more. */
  again: boolean
  readonly rule: Rule<unknown, unknown>
  readonly input: unknown
  readonly done: Done<unknown>
}

export function command<I, R>(rule: Rule<I, R>, input: I, done: Done<R>): Command {
  return {
    name: rule.name,
    needs: rule.needs(input),
    again: false,
    // Rule and input belong together, as do reply and done: nobody takes them apart.
    rule: rule as Rule<unknown, unknown>,
    input,
    done: done as Done<unknown>,
  }
}

/** Commands in one transaction, at most. */
const GROUP = 200

/** Whether a command reads or changes so much that nothing else is decided beside it. */
function isAlone({ needs }: Command): boolean {
  return (
    needs.everything === true ||
    needs.lastSeq === true ||
    needs.due !== undefined ||
    needs.lapsed !== undefined ||
    needs.entries !== undefined ||
    needs.waiting !== undefined ||
    needs.removed !== undefined ||
    needs.allRecords !== undefined
  )
}

/**
 * Takes the next group off the front of those that wait. One that needs a whole set goes alone; and
 * a group names a reserved jid once, as two jobs may carry it and each command means one of them.
 */
export function takeGroup(waiting: Command[]): Command[] {
  const jids = new Set<string>()
  let count = 0
  for (const one of waiting) {
    if (count === GROUP || (count > 0 && isAlone(one))) break
    const named = [
      ...(one.needs.settles === undefined ? [] : [one.needs.settles]),
      ...(one.needs.reserved ?? []),
    ]
    if (named.some(({ jid }) => jids.has(jid))) break
    for (const { jid } of named) jids.add(jid)
    count += 1
    if (isAlone(one)) break
  }
  return waiting.splice(0, count)
}
