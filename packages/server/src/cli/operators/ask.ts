import { createInterface } from 'node:readline/promises'

/** Nothing was done: it was not confirmed. */
export class Declined extends Error {
  override readonly name = 'Declined'
  /** Nobody could be asked: `--yes` was missing. */
  readonly isUsage: boolean

  constructor(message: string, isUsage: boolean) {
    super(message)
    this.isUsage = isUsage
  }
}

/**
 * Asks before much is changed. Throws Declined unless the answer is yes.
 * @param what completes "This will …"   @param yes it was said with the command
 */
export async function confirm(what: string, yes: boolean): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new Declined(
      `this would ${what}; there is no terminal to ask at: say --yes, nothing was done`,
      true,
    )
  }
  // The question is not the command's output.
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`This will ${what}. Go on? [y/N] `)
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    lines.close()
  }
  throw new Declined('nothing was done', false)
}
