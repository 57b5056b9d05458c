import { HOSTILE } from './site.ts'

const unescaped = (text: string): string =>
  text
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')

/** The tags of a page, as they are written. Ours escape < and > in every attribute. */
export function tagsOf(html: string): string[] {
  return html.match(/<[a-z][^>]*>/g) ?? []
}

/** An attribute's value; undefined where there is none. */
export function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value === undefined ? undefined : unescaped(value)
}

/** The fields of the last form that posts to this path: on a list's page the list. */
export function fieldsOf(html: string, action: string): URLSearchParams {
  const start = html.lastIndexOf(`method="post" action="${action}"`)
  if (start < 0) throw new Error(`there is no form for ${action}`)
  const form = html.slice(start, html.indexOf('</form>', start))
  const fields = new URLSearchParams()
  for (const tag of tagsOf(form).filter((one) => one.startsWith('<input'))) {
    if (attribute(tag, 'type') !== 'hidden') continue
    fields.append(attribute(tag, 'name') ?? '', attribute(tag, 'value') ?? '')
  }
  return fields
}

/** What no page may contain, one line each. */
export function faultsOf(html: string): string[] {
  const faults: string[] = []
  if (!html.startsWith('<!doctype html>')) faults.push('no doctype')
  for (const tag of tagsOf(html)) {
    if (/\s(?:style|on\w+)\s*=/i.test(tag.replace(/"[^"]*"/g, ''))) faults.push(`inline: ${tag}`)
    if (/\s(?:href|src|action)="(?:[a-z]+:|\/\/)/i.test(tag)) faults.push(`elsewhere: ${tag}`)
  }
  for (const [, text = ''] of html.matchAll(/<script\b[^>]*>([^<]*)/g)) {
    if (text !== '') faults.push(`inline script: ${text}`)
  }
  if (/<style\b/.test(html)) faults.push('a style element')
  if (html.includes(HOSTILE.slice(0, 12))) faults.push('a tag that a job brought')
  // What is sent back, copied or compared is what was pushed; it shows nowhere.
  const shown = html.replace(/\s(?:value|data-copy|data-jid)="[^"]*"/g, '')
  const turned = shown.indexOf('\u202e')
  if (turned >= 0) faults.push(`turns text around: ${shown.slice(turned - 120, turned)}`)
  if ((html.match(/<h1\b/g) ?? []).length !== 1) faults.push('not one h1')
  const ids = tagsOf(html).flatMap((tag) => attribute(tag, 'id') ?? [])
  for (const id of new Set(ids)) {
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice: id ${id}`)
  }
  return faults
}
