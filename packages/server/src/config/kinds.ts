import * as v from 'valibot'
import { parseBinding, type Address } from './bindings.ts'

/**
 * What a value may be. The schema takes what any source gives: text from flags and variables, TOML's
 * own types from files.
 */
export interface Kind<T> {
  readonly schema: v.GenericSchema<unknown, T>
  /** Completes "it must be …"; pages and the command line's help show it too. */
  readonly allowed: string
  /** The flag's placeholder tells enough of it. */
  readonly isPlain?: true
}

const kind = <T>(allowed: string, schema: v.GenericSchema<unknown, T>): Kind<T> => ({
  schema,
  allowed,
})
const plain = <T>(one: Kind<T>): Kind<T> => ({ ...one, isPlain: true })

export const oneOf = <const T extends string>(options: readonly T[]): Kind<T> =>
  kind(options.join(', '), v.picklist(options))

/** A path. */
export const folder: Kind<string> = plain(
  kind('the path of a folder', v.pipe(v.string(), v.nonEmpty())),
)

/** Empty says "none". */
export const secret: Kind<string> = kind('text in quotes', v.string())

/** @param scale what one of `unit` is in the setting's value */
export function between(min: number, max: number, unit: string, scale = 1): Kind<number> {
  const number = v.union([
    v.number(),
    v.pipe(v.string(), v.trim(), v.regex(/^[\d.]+$/), v.transform(Number)),
  ])
  return kind(
    `a number from ${min} to ${max}, in ${unit}`,
    v.pipe(
      number,
      v.minValue(min),
      v.maxValue(max),
      v.transform((count) => count * scale),
    ),
  )
}

/** A list, or in a flag or variable one text with commas. */
export const words: Kind<readonly string[]> = kind(
  'a list of texts (in a variable with commas)',
  v.union([
    v.array(v.pipe(v.string(), v.nonEmpty())),
    v.pipe(
      v.string(),
      v.transform((text) =>
        text
          .split(',')
          .map((word) => word.trim())
          .filter((word) => word !== ''),
      ),
    ),
  ]),
)

/** An http address; empty for none. */
export const httpUrl: Kind<string> = kind(
  'an address such as https://ops.example.com/jobs',
  v.union([v.literal(''), v.pipe(v.string(), v.url(), v.startsWith('http'))]),
)

/** Any text. */
export const text: Kind<string> = plain(kind('text', v.string()))

export const count: Kind<number> = plain(
  kind(
    'a whole number, 1 or more',
    v.pipe(
      v.union([v.number(), v.pipe(v.string(), v.trim(), v.regex(/^\d+$/), v.transform(Number))]),
      v.integer(),
      v.minValue(1),
    ),
  ),
)

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** How often, in ms; 0: never. */
export const every: Kind<number> = kind(
  'a time such as 90s, 30m or 1h, or off',
  v.union([
    v.pipe(
      v.literal('off'),
      v.transform(() => 0),
    ),
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,4}[smh]$/),
      v.transform((text) => parseInt(text, 10) * (UNITS_MS[text.slice(-1)] ?? 0)),
    ),
  ]),
)

const YES = ['1', 'true', 'yes', 'on']
const NO = ['', '0', 'false', 'no', 'off']

export const yesOrNo: Kind<boolean> = plain(
  kind(
    'true or false (in a variable also 1, yes, on, 0, no, off)',
    v.union([
      v.boolean(),
      v.pipe(
        v.string(),
        v.toLowerCase(),
        v.picklist([...YES, ...NO]),
        v.transform((word) => YES.includes(word)),
      ),
    ]),
  ),
)

const ADDRESS = 'host:port, for example localhost:7419, :7419 or [::1]:7419'

/** Where to listen. @param off what else may be said, for nowhere */
export function binding(off?: string): Kind<readonly Address[]> {
  const schema = v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      if (dataset.value === off) return []
      const parsed = parseBinding(dataset.value)
      if (parsed !== undefined) return parsed
      addIssue()
      return NEVER
    }),
  )
  return plain(kind(off === undefined ? ADDRESS : `${ADDRESS}; or ${off} for none`, schema))
}

/** How to reach a PostgreSQL; empty: none. */
export const postgresUrl: Kind<string> = plain(
  kind(
    'postgres://user:password@host:port/database',
    v.pipe(
      v.string(),
      v.check((text) => text === '' || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))),
    ),
  ),
)

/** A name in the database; so long that what is made of it still is one. */
export const databaseName: Kind<string> = plain(
  kind(
    'a name of letters, digits and _, up to 40',
    v.pipe(v.string(), v.regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,39}$/)),
  ),
)
