import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const WEB = fileURLToPath(new URL('..', import.meta.url))
const files = ['pages', 'parts'].flatMap((folder) =>
  readdirSync(join(WEB, folder))
    .filter((name) => name.endsWith('.tsx'))
    .map((name) => `${folder}/${name}`),
)

/** Attributes that people read or hear. */
const SPOKEN =
  /^(aria-label|aria-description|title|placeholder|alt|data-(text|sel-text|gone|newer|copy))$/
/** A name is the same in every language. */
const withoutNames = (text: string): string => text.replace('Jobmill', '')

/** The literals that an expression may come to. */
function literals(node: ts.Node): string[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text]
  if (ts.isTemplateExpression(node)) {
    return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]
  }
  if (ts.isConditionalExpression(node)) {
    return [...literals(node.whenTrue), ...literals(node.whenFalse)]
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken
    const joins = [
      ts.SyntaxKind.PlusToken,
      ts.SyntaxKind.BarBarToken,
      ts.SyntaxKind.QuestionQuestionToken,
    ]
    if (joins.includes(kind)) return [...literals(node.left), ...literals(node.right)]
    return kind === ts.SyntaxKind.AmpersandAmpersandToken ? literals(node.right) : []
  }
  return ts.isParenthesizedExpression(node) || ts.isJsxExpression(node)
    ? (ts.forEachChild(node, literals) ?? [])
    : []
}

/** Texts with letters that stand in JSX, where a reader meets them. */
function textsIn(source: string): string[] {
  const found: string[] = []
  const look = (node: ts.Node): void => {
    if (ts.isJsxText(node)) found.push(node.text)
    else if (ts.isJsxAttribute(node)) {
      if (SPOKEN.test(node.name.getText()) && node.initializer !== undefined) {
        found.push(...literals(node.initializer))
      }
    } else if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) {
      found.push(...literals(node))
    }
    ts.forEachChild(node, look)
  }
  look(ts.createSourceFile('page.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX))
  return found.map((text) => text.trim()).filter((text) => /\p{L}/u.test(withoutNames(text)))
}

test.each([
  ['<p>Hello</p>', ['Hello']],
  ['<p>{`in ${n} s`}</p>', ['in', 's']],
  ["<p>{is ? 'yes' : t.no}</p>", ['yes']],
  ["<p>{a === 'b' ? t.c : (d ?? 'none')}</p>", ['none']],
  ['<a aria-label="Menu" class="menu" href={view.href("/x")}>{t.menu}</a>', ['Menu']],
  ["<input placeholder={'Find ' + what} />", ['Find']],
  ['<p>{t.one} · {view.f.number(2)} — {`Jobmill ${v}`}</p>', []],
])('finds what is written in %s', (jsx, texts) => {
  expect(textsIn(`const page = ${jsx}`)).toEqual(texts)
})

test('no text stands in the JSX of pages and parts: it comes from the language', () => {
  expect(files.length).toBeGreaterThan(10)
  const found = files.flatMap((name) =>
    textsIn(readFileSync(join(WEB, name), 'utf8')).map((text) => `${name}: ${text}`),
  )
  expect(found).toEqual([])
})
