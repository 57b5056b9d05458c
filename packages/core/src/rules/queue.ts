import type { Change, Facts, QueueRecord, Rule } from '../types.ts'

const UNSEEN: QueueRecord = { known: false, paused: false, removedTo: 0 }

/** Makes queues known that jobs are about to enter. */
export function makeKnown(facts: Facts, names: Iterable<string>): Change[] {
  const changes: Change[] = []
  for (const name of new Set(names)) {
    const record = facts.record('queue', name)
    if (record?.known === true) continue
    changes.push({
      do: 'put',
      kind: 'queue',
      key: name,
      value: { ...(record ?? UNSEEN), known: true },
    })
  }
  return changes
}

/** A star as the first name means all known queues. Source: docs/protocol.md, "QUEUE". */
function named(facts: Facts, names: readonly string[]): string[] {
  if (names[0] !== '*') return names.filter((name) => name !== '')
  const known: string[] = []
  for (const [name, record] of facts.records('queue')) if (record.known) known.push(name)
  return known
}

export interface NamesInput {
  readonly names: readonly string[]
}

const needs = ({ names }: NamesInput) =>
  names[0] === '*'
    ? { allRecords: ['queue'] as const }
    : { records: names.map((key) => ({ kind: 'queue' as const, key })) }

const VALID_NAME = /^[a-zA-Z0-9._-]+$/

/** Whether a queue may be called so. */
export const isQueueName = (name: string): boolean => VALID_NAME.test(name)

/** FETCH passes these queues over, PUSH still accepts. A queue not seen yet remembers its pause. */
export const pauseQueues: Rule<NamesInput, undefined> = {
  name: 'pauseQueues',
  answers: 'committed',
  needs,
  decide(facts, { names }) {
    const changes: Change[] = named(facts, names)
      .filter((name) => VALID_NAME.test(name))
      .map((key) => {
        const value = { ...(facts.record('queue', key) ?? UNSEEN), paused: true }
        return { do: 'put', kind: 'queue', key, value }
      })
    return { reply: undefined, changes }
  },
}

export const resumeQueues: Rule<NamesInput, undefined> = {
  name: 'resumeQueues',
  answers: 'committed',
  needs,
  decide(facts, { names }) {
    const changes: Change[] = []
    for (const key of names[0] === '*' ? allNames(facts) : names) {
      const record = facts.record('queue', key)
      if (record?.paused !== true) continue
      const value = { ...record, paused: false }
      changes.push(
        isForgotten(value)
          ? { do: 'del', kind: 'queue', key }
          : { do: 'put', kind: 'queue', key, value },
      )
    }
    return { reply: undefined, changes }
  },
}

/** Queues that were paused before their first job are not known, yet `RESUME *` means them too. */
const allNames = (facts: Facts): string[] => [...facts.records('queue')].map(([name]) => name)

const isForgotten = (record: QueueRecord): boolean =>
  !record.known && !record.paused && record.removedTo === 0

/**
 * Drops all waiting jobs of queues and forgets name and pause. The reply is committed with a mark;
 * the rows follow in slices (`sweepRemoved`), for a queue may hold millions.
 */
export const removeQueues: Rule<NamesInput, undefined> = {
  name: 'removeQueues',
  answers: 'committed',
  needs: (input) => ({ ...needs(input), lastSeq: true }),
  decide(facts, { names }) {
    const changes: Change[] = []
    for (const key of new Set(named(facts, names))) {
      const record = facts.record('queue', key)
      if (record === undefined) continue
      const value = { known: false, paused: false, removedTo: facts.lastSeq }
      changes.push({ do: 'put', kind: 'queue', key, value })
    }
    return { reply: undefined, changes }
  },
}
