const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

/** Every limit of the protocol and the server's edge, with its unit in its name. */
export const LIMITS = {
  /** One command. Clients push a thousand jobs in one line (docs/protocol.md T35). */
  commandBytes: 32 * MIB,
  /** Before the HELLO is accepted: nobody is known yet. */
  helloBytes: 256 * KIB,
  /** Unfinished commands of all connections together; past it the longest is refused. */
  unfinishedBytes: 256 * MIB,
  /** A connection that has not said HELLO is closed. Faktory gives 2 s, too short for slow links. */
  helloMs: 3_000,
  connections: 10_000,
  /** While more replies are unread, a connection's commands wait. */
  unreadReplyBytes: MIB,
  /** A connection that reads none of them for so long is closed. */
  stalledMs: 60_000,
  /** A FETCH waits a little less than the 2 s at which the most impatient client gives up (T3). */
  fetchWaitMs: 1_900,
  /** A worker is forgotten after so much silence. */
  beatGraceMs: 60_000,
  /**
   * Characters of a peer's text that an error repeats. Faktory repeats all; an unknown verb of 5,000
   * must come back whole (transcripts), an `invalid ACK` of 32 MiB need not.
   */
  echoLength: 8 * KIB,
  /** Of a MUTATE's pattern: text and pattern multiply in the worst case. */
  patternLength: 1_000,
  /** Of one PUSHB: more, all tiny, would hold up everybody else for seconds. */
  bulkJobs: 100_000,
  jidBytesMin: 8,
  reserveForSMin: 60,
  reserveForSMax: 86_400,
  reserveForSDefault: 1_800,
  retryDefault: 25,
  backtraceLines: 50,
  errtypeBytes: 100,
  messageBytes: 1_000,
  /** The dead are kept so long. */
  deadMs: 180 * DAY_MS,
  /** The cheap end of Faktory's range, for both sides. */
  hashIterationsMin: 4_000,
  hashIterationsMax: 4_095,
  /** A stop is done within so long. */
  stopMs: 10_000,
} as const

/** Relations that the code relies on. */
const RELATIONS: readonly [string, boolean][] = [
  ['a HELLO is a command', LIMITS.helloBytes <= LIMITS.commandBytes],
  ['what is repeated is no memory to speak of', LIMITS.echoLength * 4 < LIMITS.unreadReplyBytes],
  ['one command fits into all', LIMITS.commandBytes <= LIMITS.unfinishedBytes],
  ['a FETCH ends before clients give up', LIMITS.fetchWaitMs < 2_000],
  ['the default reservation is allowed', LIMITS.reserveForSDefault <= LIMITS.reserveForSMax],
]
for (const [relation, holds] of RELATIONS) {
  if (!holds) throw new Error(`limits disagree: ${relation}`)
}
