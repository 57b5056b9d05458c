import type { Child } from 'hono/jsx'
import type { View } from '../view.ts'

/** A form that changes something: it carries the token that tells it from other sites' forms. */
export function ActionForm({
  view,
  action,
  fields = {},
  kind,
  children,
}: {
  view: View
  /** Path without prefix. */
  action: string
  fields?: Readonly<Record<string, string>>
  kind?: string
  children: Child
}) {
  return (
    <form method="post" action={view.href(action)} class={kind}>
      <input type="hidden" name="csrf" value={view.token} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {children}
    </form>
  )
}
