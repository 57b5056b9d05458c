import { parse, TomlError } from 'smol-toml'
import { getStaticTOMLValue, parseTOML, type AST } from 'toml-eslint-parser'

/** One line `key = value` of a TOML document, wherever its table stands. */
export interface Statement {
  /** Table first. A number is the place in a list of tables. Only a table's header: no value. */
  readonly path: readonly (string | number)[]
  readonly value: unknown
  /** From 1. */
  readonly line: number
}

/** Text that is not TOML. The message says where, and quotes the line. */
export class TomlProblem extends Error {
  override readonly name = 'TomlProblem'
  /** From 1, both. */
  readonly line: number
  readonly column: number

  constructor(message: string, line: number, column: number) {
    super(message)
    this.line = line
    this.column = column
  }
}

/** The statements of a document, in its order. Throws TomlProblem. */
export function readToml(text: string): Statement[] {
  // Editors on Windows write it, and TOML does not know it.
  const source = text.replace(/^\uFEFF/, '')
  judge(source)
  const statements: Statement[] = []
  for (const node of parseTOML(source, { tomlVersion: '1.1.0' }).body[0].body) {
    if (node.type === 'TOMLKeyValue') statements.push(...flattened(node, []))
    else {
      statements.push({ path: node.resolvedKey, value: undefined, line: node.loc.start.line })
      statements.push(...node.body.flatMap((one) => flattened(one, node.resolvedKey)))
    }
  }
  return statements
}

/** Two parsers: this one says best what is wrong and where, the other where each key stands. */
function judge(source: string): void {
  try {
    parse(source, { integersAsBigInt: 'asNeeded' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const { line, column } = error
    const reason = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '')
    const quoted = withoutSecret(source.split(/\r?\n/)[line - 1] ?? '')
    throw new TomlProblem(`${reason}: ${quoted}`, line, column)
  }
}

/** A line that cannot be read may hold a password that can. */
const withoutSecret = (line: string): string =>
  /password/i.test(line) ? line.replace(/(password["']?\s*).*/i, '$1…') : line.trim()

/** An inline table says the same as a table of its own. */
function flattened(node: AST.TOMLKeyValue, table: readonly (string | number)[]): Statement[] {
  const path = [...table, ...getStaticTOMLValue(node.key)]
  if (node.value.type === 'TOMLInlineTable' && node.value.body.length > 0) {
    return node.value.body.flatMap((one) => flattened(one, path))
  }
  return [{ path, value: getStaticTOMLValue(node.value), line: node.loc.start.line }]
}
