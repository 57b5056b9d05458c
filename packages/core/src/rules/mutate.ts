import {
  State,
  type Change,
  type Entry,
  type EntryKey,
  type Rule,
  type TimedState,
} from '../types.ts'
import { makeKnown } from './queue.ts'

export interface MutateInput {
  readonly cmd: 'clear' | 'discard' | 'kill' | 'requeue'
  readonly set: TimedState
  /** One slice; jobs that have left the set since they were looked for are passed over. */
  readonly keys: readonly EntryKey[]
}

/**
 * One slice of a MUTATE. @returns how many jobs it changed
 * Source: docs/protocol.md, "MUTATE"
 */
export const mutate: Rule<MutateInput, number> = {
  name: 'mutate',
  answers: 'committed',
  needs: ({ set, keys }) => ({ entries: { set, keys }, allRecords: ['queue'] }),
  decide(facts, { cmd, set, keys }) {
    const entries = keys
      .map(({ at, seq }) => facts.entry(set, at, seq))
      .filter((entry) => entry !== undefined)
    const change = (job: Entry): Change => {
      switch (cmd) {
        case 'clear':
        case 'discard':
          return { do: 'drop', job }
        case 'kill':
          return { do: 'move', job, state: State.Dead, at: facts.now, wid: '' }
        case 'requeue':
          return { do: 'move', job, state: State.Queued, at: facts.now, wid: '' }
      }
    }
    const known =
      cmd === 'requeue'
        ? makeKnown(
            facts,
            entries.map((entry) => entry.queue),
          )
        : []
    return { reply: entries.length, changes: [...known, ...entries.map(change)] }
  },
}

/** Forgets everything but the workers. Source: docs/protocol.md, "FLUSH" */
export const flush: Rule<undefined, undefined> = {
  name: 'flush',
  answers: 'committed',
  needs: () => ({ everything: true }),
  decide: () => ({ reply: undefined, changes: [{ do: 'flush' }] }),
}
