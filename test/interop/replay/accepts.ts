/** What a client's own parser takes: by verb, `HI` for the greeting, `*` for all other commands. */
export type Accepts = Readonly<Record<string, Pick<RegExp, 'test'>>>

const OK = /^\+OK\r\n$/
const OK_OR_ERROR = /^(\+OK|-(ERR|NOTUNIQUE) [^\r\n]+)\r\n$/
const HI_V2 = /^\+HI \{"v":2[^\r\n]*\}\r\n$/
/** The greeting compared as a whole; with a password its parts are looked for. */
const HI_EXACT = /^\+HI \{"v":2(,"i":\d+,"s":"\w+")?\}\r\n$/
/** The payload read as one line of JSON. */
const ONE_LINE = /^(\$-1|\$\d+\r\n\{[^\r\n]*\})\r\n$/
const STATE = /^(\+OK|\$(17|21)\r\n\{"state":"(quiet|terminate)"\})\r\n$/

/** A Jackson that refuses keys it does not know. */
function onlyKeys(keys: readonly string[]): Pick<RegExp, 'test'> {
  return {
    test: (raw) => {
      const json = /^\$\d+\r\n(\{.*\})\r\n$/s.exec(raw)?.[1]
      if (json === undefined) return raw === '$-1\r\n'
      return Object.keys(JSON.parse(json) as object).every((key) => keys.includes(key))
    },
  }
}

/** All of the patterns. */
function both(...patterns: readonly Pick<RegExp, 'test'>[]): Pick<RegExp, 'test'> {
  return { test: (raw) => patterns.every((pattern) => pattern.test(raw)) }
}

const ELIXIR_OPT =
  /^(\+HI [^\r\n]*|\+OK|-(ERR (?!Halt: )|SHUTDOWN |NOTUNIQUE )[^\r\n]*|\$-1|\$\d+\r\n(\{|b-)[^\r\n]*)\r\n$/

/**
 * By the file's name in recordings/ and lines/. Source: the clients' own parsers; docs/clients.md
 * says in words what they need.
 */
export const ACCEPTS: Readonly<Record<string, Accepts>> = {
  'ruby-faktory_worker_ruby': {
    HI: HI_V2,
    FETCH: /^(\$-1|\$\d+\r\n.*)\r\n$/s,
    BEAT: /^(\+OK|\$\d+\r\n\{"state":"(quiet|terminate)"\}|-ERR [^\r\n]+)\r\n$/,
    INFO: ONE_LINE,
    QUEUE: /^(\+OK|\$\d+\r\n\{.*\}|-ERR [^\r\n]+)\r\n$/,
    TRACK: /^(\+OK|\$\d+\r\n\{.*\}|-ERR [^\r\n]+)\r\n$/,
    BATCH: /^(\+OK|\$\d+\r\n[^\r\n]+|-ERR [^\r\n]+)\r\n$/,
    '*': OK_OR_ERROR,
  },
  // A worker stops its job 20 s before `reserve_for` ends, so 0 and null would crash it.
  'elixir-faktory_worker': {
    FETCH: both(ELIXIR_OPT, { test: (raw) => !/"reserve_for":(0|null)\b/.test(raw) }),
    '*': ELIXIR_OPT,
  },
  'php-jcs224': { HI: HI_EXACT, FETCH: ONE_LINE, '*': OK_OR_ERROR },
  'php-basekit': { HI: HI_V2, FETCH: ONE_LINE, INFO: ONE_LINE, BEAT: STATE, '*': OK },
  'php-knuckleswtf': {
    HI: HI_V2,
    FETCH: ONE_LINE,
    INFO: ONE_LINE,
    PUSHB: ONE_LINE,
    '*': OK_OR_ERROR,
  },
  'php-camuthig': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
  'perl-amurani': { HI: HI_EXACT, FETCH: ONE_LINE, '*': OK },

  'haskell-faktory': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
  'java-gscho': {
    HI: HI_V2,
    FETCH: both(
      ONE_LINE,
      onlyKeys([
        'jid',
        'jobtype',
        'args',
        'queue',
        'reserve_for',
        'at',
        'retry',
        'backtrace',
        'created_at',
        'enqueued_at',
        'failure',
        'custom',
      ]),
    ),
    INFO: ONE_LINE,
    '*': OK,
  },
  'java-quanticc': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
  'java-sikandar': { HI: HI_EXACT, '*': OK },
  'kotlin-duduribeiro': { HI: HI_EXACT, '*': OK },
  'dotnet-tpod': {
    HI: HI_V2,
    FETCH: ONE_LINE,
    FAIL: /^(\+OK|-ERR Job not found [^\r\n]*)\r\n$/,
    '*': OK,
  },
  'dotnet-razensoft': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
  // The greeting is split at spaces, and its second piece parsed.
  'clojure-apa512': { HI: HI_EXACT, FETCH: ONE_LINE, INFO: ONE_LINE, BEAT: STATE, '*': OK },
  'clojure-le6ow5k1': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
  'crystal-calebuharrison': {
    HI: HI_V2,
    FETCH: both(ONE_LINE, {
      test: (raw) => raw === '$-1\r\n' || /"created_at":".*"enqueued_at":"/.test(raw),
    }),
    INFO: ONE_LINE,
    BEAT: STATE,
    '*': OK,
  },
  'elixir-cjbottaro': { HI: HI_V2, FETCH: ONE_LINE, INFO: ONE_LINE, '*': OK },
  'deno-jcs224': { HI: HI_EXACT, FETCH: ONE_LINE, '*': OK },
  'nim-jcs224': { HI: HI_V2, '*': OK },
  'swift-loremattei': { HI: HI_V2, FETCH: ONE_LINE, BEAT: STATE, '*': OK },
}
