import type { Child } from 'hono/jsx'
import type { View } from '../view.ts'
import { Icon, type IconName } from './icon.tsx'

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

/**
 * Enter in a tick box sends a form by its first button. This is the first, and asks for nothing: the
 * server answers that it cannot be done. (Chromium passes over a button that is disabled.)
 */
export function NoDefault() {
  return <button type="submit" name="action" value="" hidden />
}

/** A button that asks before it acts: what it opens says what will happen. */
export function Ask({
  view,
  action,
  fields,
  name,
  text,
  verb,
  icon,
  danger = false,
}: {
  view: View
  action: string
  fields: Readonly<Record<string, string>>
  /** On the button that opens it. */
  name: string
  text: string
  /** On the button that acts. */
  verb: string
  icon?: IconName
  danger?: boolean
}) {
  return (
    <details class="menu">
      <summary class={danger ? 'btn danger' : 'btn'}>
        {icon === undefined ? null : <Icon view={view} name={icon} />}
        {name}
      </summary>
      <ActionForm view={view} action={action} fields={fields}>
        <p>{text}</p>
        <button class={danger ? 'btn danger primary' : 'btn primary'} type="submit">
          {verb}
        </button>
      </ActionForm>
    </details>
  )
}
