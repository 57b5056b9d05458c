import { ActionForm } from '../parts/form.tsx'
import { visible } from '../parts/json.tsx'
import type { Page } from '../parts/layout.tsx'
import type { View } from '../view.ts'

/** Jids that are named before they are deleted. */
const SHOWN_MAX = 100

export interface Chosen {
  /** The form's page, and where to go back. */
  readonly path: string
  readonly action: string
  /** Of the fields that name the jobs. */
  readonly name: 'jid' | 'job'
  readonly values: readonly string[]
}

/** Asks before chosen jobs are deleted. */
export function askPage(view: View, { path, action, name, values }: Chosen): Page {
  const { t, f } = view
  const title = t.confirmTitle(t.delete, values.length, f)
  return {
    title,
    current: path.startsWith('/queues/') ? '/queues' : path,
    children: (
      <>
        <div class="head">
          <h1>{title}</h1>
        </div>
        <section class="panel slim">
          <ActionForm view={view} action={path} fields={{ action, sure: 'yes' }} kind="body fields">
            {values.map((value) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <p class="top-space">{t.confirmEffectDelete}</p>
            {name === 'jid' ? (
              <p class="mono muted">{visible(values.slice(0, SHOWN_MAX).join(' '))}</p>
            ) : null}
            <span class="split">
              <button class="btn danger primary" type="submit">
                {title.replace(/\?$/, '')}
              </button>
              <a class="btn" href={view.href(path)}>
                {t.cancel}
              </a>
            </span>
          </ActionForm>
        </section>
      </>
    ),
  }
}
