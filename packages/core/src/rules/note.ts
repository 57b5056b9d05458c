import type { Rule } from '../types.ts'

/** Keeps a text with the data under a name, or forgets it. FLUSH forgets it too. */
export const putNote: Rule<{ readonly key: string; readonly text: string | undefined }, undefined> =
  {
    name: 'putNote',
    answers: 'committed',
    needs: ({ key }) => ({ records: [{ kind: 'note', key }] }),
    decide(_, { key, text }) {
      return {
        reply: undefined,
        changes: [
          text === undefined
            ? { do: 'del', kind: 'note', key }
            : { do: 'put', kind: 'note', key, value: { text } },
        ],
      }
    },
  }
