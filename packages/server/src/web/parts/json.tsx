import { spans } from '@jobmill/protocol'
import type { Child } from 'hono/jsx'

const INDENT = '  '
/** Deeper values stay on one line: a page must not grow without end. */
const DEPTH_MAX = 12

/**
 * A JSON text laid out for people, every number as it was pushed: it is never parsed. Control and
 * direction characters show as escapes, for a text must not change how the page around it reads.
 */
export function Json({ text }: { text: string }) {
  return (
    <pre class="json" tabindex={0}>
      {value(text, '', 0)}
    </pre>
  )
}

function value(text: string, indent: string, depth: number): Child {
  const first = text[0]
  if ((first !== '{' && first !== '[') || depth > DEPTH_MAX) return scalar(text)
  const parts = spans(text)
  const [open, close] = first === '{' ? ['{', '}'] : ['[', ']']
  if (parts.length === 0) return `${open}${close}`
  const inner = indent + INDENT
  return [
    `${open}\n`,
    ...parts.map(({ name, from, to }, i) => [
      inner,
      first === '{' ? [<span class="k">{visible(JSON.stringify(name))}</span>, ': '] : '',
      value(text.slice(from, to), inner, depth + 1),
      i < parts.length - 1 ? ',\n' : '\n',
    ]),
    indent + close,
  ]
}

function scalar(text: string): Child {
  if (text.startsWith('"')) return <span class="s">{visible(text)}</span>
  if (/^-?\d/.test(text)) return <span class="d">{text}</span>
  if (text === 'true' || text === 'false' || text === 'null') return <span class="w">{text}</span>
  return visible(text)
}

const UNSEEN = /[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

/** Characters that show nothing, or turn text around, as escapes. Line ends stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) =>
    char === '\n' || char === '\t'
      ? char
      : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
