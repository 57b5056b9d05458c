import { describe, expect, test } from 'vitest'
import { startServer } from '../../support/server.ts'
import { ACCEPTS } from './accepts.ts'
import { play } from './player.ts'
import { recordingsIn, type Recording, type Session } from './recording.ts'

const PASSWORD = 's3cret'

const groups = [
  ['recorded bytes', recordingsIn('recordings')],
  ['lines from the source', recordingsIn('lines')],
] as const

for (const [title, recordings] of groups) {
  describe(title, { concurrent: true }, () => {
    test.each(recordings.map((recording) => [recording.client, recording] as const))(
      'every line of %s gets the reply that it knows',
      async (_, recording) => {
        const greeted = recording.sessions.filter(needsPassword)
        const open = recording.sessions.filter((session) => !needsPassword(session))
        expect(await playAll(recording, open)).toBeGreaterThan(0)
        if (greeted.length > 0) {
          expect(await playAll(recording, greeted, PASSWORD)).toBeGreaterThan(0)
        }
      },
    )
  })
}

/** Plays sessions one after the other on a server of their own. */
async function playAll(
  { id }: Recording,
  sessions: readonly Session[],
  password?: string,
): Promise<number> {
  const accepts = ACCEPTS[id]
  if (accepts === undefined) throw new Error(`accepts.ts does not say what ${id} takes`)
  const server = await startServer(password === undefined ? {} : { password })
  try {
    let compared = 0
    for (const session of sessions) {
      const options = { port: server.port, password: password ?? '', accepts }
      compared += await play(session, options)
    }
    return compared
  } finally {
    await server.stop()
  }
}

function needsPassword(session: Session): boolean {
  return session.lines.some((line) => line.kind === 'server' && line.reply.text.includes('"s":'))
}
